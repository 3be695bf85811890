//! Which file uses what of which, and where that leads back.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::Modules;
use crate::resolver::Entity;
use crate::source::Source;

/// File -> file: the names that the first uses and the second defines.
pub(crate) struct Graph(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Graph {
    pub(crate) fn of(modules: &Modules) -> Self {
        let mut graph = Self(BTreeMap::new());
        for (id, module) in modules.0.iter().enumerate() {
            let paths = &module.paths;
            let imports = paths.imports.iter().filter(|import| !import.is_facade);
            let written = imports.map(|import| &import.path).chain(&paths.written);
            let used = written.flat_map(|path| modules.resolve(id, path));
            let macros = paths.macros.iter().filter_map(|name| modules.resolve_macro(id, name));
            for entity in used.chain(macros) {
                let Entity::Item { module: target, name, .. } = entity else { continue };
                graph.add(&module.file, &modules.0[target].file, name);
            }
        }
        graph
    }

    fn add(&mut self, from: &str, to: &str, name: String) {
        if from != to {
            let targets = self.0.entry(from.to_owned()).or_default();
            targets.entry(to.to_owned()).or_default().insert(name);
        }
    }

    /// Each set of files of which any leads to any other, with the imports that tie it.
    pub(crate) fn circles(&self) -> Vec<String> {
        let reach: BTreeMap<_, _> =
            self.0.keys().map(|file| (&**file, self.reachable(file))).collect();
        let mut circles = BTreeSet::new();
        for (file, reached) in &reach {
            let back = reached
                .iter()
                .filter(|other| reach.get(**other).is_some_and(|theirs| theirs.contains(file)));
            // A file that is in no circle does not reach itself.
            circles.insert(back.copied().collect::<BTreeSet<_>>());
        }
        circles.iter().filter(|circle| !circle.is_empty()).map(|it| self.describe(it)).collect()
    }

    fn reachable<'a>(&'a self, from: &'a str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut open = vec![from];
        while let Some(file) = open.pop() {
            let next = self.0.get(file).into_iter().flat_map(BTreeMap::keys);
            open.extend(next.map(|file| &**file).filter(|file| found.insert(*file)));
        }
        found
    }

    fn describe(&self, circle: &BTreeSet<&str>) -> String {
        let mut text = format!("{} files import each other in a circle:\n", circle.len());
        text.extend(self.edges().filter_map(|(from, to, edge)| {
            (circle.contains(from) && circle.contains(to)).then(|| format!("  {edge}\n"))
        }));
        text
    }

    fn edges(&self) -> impl Iterator<Item = (&str, &str, String)> {
        self.0.iter().flat_map(|(from, targets)| {
            targets.iter().map(move |(to, names)| {
                let names = names.iter().map(|name| &**name).collect::<Vec<_>>().join(", ");
                (&**from, &**to, format!("{from} -> {to}: {names}"))
            })
        })
    }
}

fn graph(files: &[(&str, &str)]) -> Graph {
    let sources: Vec<_> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
    Graph::of(&Modules::of("src/lib.rs", &sources))
}

fn edges(files: &[(&str, &str)]) -> Vec<String> {
    graph(files).edges().map(|(_, _, edge)| edge).collect()
}

#[test]
fn reports_a_circle_with_the_imports_that_tie_it() {
    let circles = graph(&[
        ("src/lib.rs", "mod a; mod b; mod c; mod d;"),
        ("src/a.rs", "use crate::b::B; pub struct A;"),
        ("src/b.rs", "use super::c; pub struct B; fn b() { c::run() }"),
        ("src/c.rs", "pub fn run() -> crate::a::A { crate::a::A }"),
        ("src/d.rs", "use crate::a::A;"),
    ]);
    let expected = "\
3 files import each other in a circle:
  src/a.rs -> src/b.rs: B
  src/b.rs -> src/c.rs: run
  src/c.rs -> src/a.rs: A
";
    assert_eq!(circles.circles(), [expected]);
}

#[test]
fn tells_circles_apart() {
    let circles = graph(&[
        ("src/lib.rs", "mod a; mod b; mod c; mod d;"),
        ("src/a.rs", "use crate::b::B; use crate::c::C; pub struct A;"),
        ("src/b.rs", "use crate::a::A; pub struct B;"),
        ("src/c.rs", "use crate::d::D; pub struct C;"),
        ("src/d.rs", "use crate::c::C; pub struct D;"),
    ]);
    assert_eq!(circles.circles().len(), 2);
}

#[test]
fn finds_no_circle_in_a_parent_that_declares_its_child() {
    let graph = graph(&[
        ("src/lib.rs", "pub mod a;"),
        ("src/a.rs", "mod b; pub use b::B; pub struct A;"),
        ("src/a/b.rs", "use super::A; pub struct B;"),
    ]);
    assert_eq!(graph.circles(), Vec::<String>::new());
}

#[test]
fn finds_the_circle_of_a_parent_that_uses_what_it_passes_on() {
    let graph = graph(&[
        ("src/lib.rs", "pub mod a;"),
        ("src/a.rs", "mod b; pub use b::B; pub struct A(B);"),
        ("src/a/b.rs", "use super::A; pub struct B;"),
    ]);
    assert_eq!(graph.circles().len(), 1);
}

#[test]
fn follows_what_is_passed_on_to_the_file_that_defines_it() {
    let edges = edges(&[
        ("src/lib.rs", "pub mod a; mod user;"),
        ("src/a.rs", "mod b; mod c; pub use b::B as Renamed; pub use c::*;"),
        ("src/a/b.rs", "pub struct B;"),
        ("src/a/c.rs", "pub const C: u8 = 0;"),
        ("src/user.rs", "use crate::a::{C, Renamed};"),
    ]);
    assert_eq!(edges, ["src/user.rs -> src/a/b.rs: B", "src/user.rs -> src/a/c.rs: C"]);
}

#[test]
fn resolves_groups_renames_and_globs() {
    let edges = edges(&[
        ("src/lib.rs", "mod a; mod user;"),
        ("src/a.rs", "pub mod b; pub fn f() {} pub enum E { One }"),
        ("src/a/b.rs", "pub type T = u8; pub static S: T = 1; pub trait Unused {}"),
        (
            "src/user.rs",
            "use crate::a::{self as other, b::{self, T as Byte}, E::*};
             use super::a::b::*;
             fn user() -> Byte { other::f(); One; let t: b::T = S; t }",
        ),
    ]);
    assert_eq!(edges, ["src/user.rs -> src/a.rs: E, f", "src/user.rs -> src/a/b.rs: S, T"]);
}

#[test]
fn tells_a_function_from_the_module_of_the_same_name() {
    let edges = edges(&[
        ("src/lib.rs", "mod relay; mod user;"),
        ("src/relay.rs", "mod relay; pub use relay::relay; pub fn other() {}"),
        ("src/relay/relay.rs", "pub fn relay() {}"),
        ("src/user.rs", "use crate::relay::{relay}; use crate::relay as it; fn f() { relay() }"),
    ]);
    assert_eq!(edges, ["src/user.rs -> src/relay/relay.rs: relay"]);
}

#[test]
fn reads_paths_in_types_patterns_bodies_and_macros() {
    let edges = edges(&[
        ("src/lib.rs", "mod a; mod user;"),
        (
            "src/a.rs",
            "pub struct A; pub enum B { X } pub fn c() {} pub trait D {} pub const E: u8 = 0;",
        ),
        (
            "src/user.rs",
            "struct User<T: super::a::D>(crate::a::A, T);
             fn user(b: B) -> bool {
                 use crate::a;
                 println!(\"{}\", a::E.max(a . c)); a::c();
                 matches!(b, Some(crate::a::B::X))
             }",
        ),
    ]);
    assert_eq!(edges, ["src/user.rs -> src/a.rs: A, B, D, E, c"]);
}

#[test]
fn finds_macros_of_the_module_around_and_what_they_define() {
    let edges = edges(&[
        ("src/lib.rs", "mod a; mod user;"),
        ("src/a.rs", "macro_rules! table { () => {} } mod b;"),
        ("src/a/b.rs", "table! { pub enum Row }"),
        ("src/user.rs", "use crate::a::b::Row;"),
    ]);
    assert_eq!(edges, ["src/a/b.rs -> src/a.rs: table", "src/user.rs -> src/a/b.rs: Row"]);
}

#[test]
fn leaves_out_tests_other_crates_and_its_own_names() {
    let edges = edges(&[
        ("src/lib.rs", "mod a; mod user; pub use tokio::net::TcpStream;"),
        ("src/a.rs", "pub fn a() {}"),
        (
            "src/user.rs",
            "use std::fmt; use ::a::A; use crate::TcpStream; enum E { A }
             fn user(a: u8) -> E { a.a(); fmt::a(); self::E::A }
             #[cfg(test)] use crate::a::a;
             #[cfg(test)] mod tests { use crate::a::a; }
             impl E { #[cfg(test)] fn test() { crate::a::a() } }",
        ),
    ]);
    assert_eq!(edges, Vec::<String>::new());
}
