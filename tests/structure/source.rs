//! A file of the source, without its tests.

use std::fmt;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, ImplItem, Item, ItemMod, Lit, Visibility};

/// What stands in a file and is shipped.
pub(crate) struct Source {
    /// From the root of the repository.
    pub(crate) path: String,
    pub(crate) items: Vec<Item>,
    /// How many lines of code it has: no blank ones, no comments, no tests.
    pub(crate) lines: usize,
    docs: String,
}

/// Where a function is, and how long.
pub(crate) struct Function {
    place: String,
    name: String,
    pub(crate) lines: usize,
}

/// All files of a folder that are no tests, in the order of their paths.
pub(crate) fn below(root: &Path, folder: &str) -> Vec<Source> {
    let mut entries: Vec<_> =
        fs::read_dir(root.join(folder)).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut sources = Vec::new();
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{folder}/{name}");
        if entry.file_type().unwrap().is_dir() {
            if name != "tests" {
                sources.append(&mut below(root, &path));
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            sources.push(Source::new(&path, &fs::read_to_string(entry.path()).unwrap()));
        }
    }
    sources
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut items = file.items;
        let mut tests = Vec::new();
        remove_tests(&mut items, &mut tests);
        let lines = (1..).zip(text.lines()).filter(|(number, line)| {
            let is_test = tests.iter().any(|range| range.contains(number));
            let line = line.trim_start();
            !is_test && !line.is_empty() && !line.starts_with("//")
        });
        let lines = lines.count();
        Self { path: path.to_owned(), items, lines, docs: docs(&file.attrs) }
    }

    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut functions = Functions { path: &self.path, found: Vec::new() };
        self.items.iter().for_each(|item| functions.visit_item(item));
        functions.found
    }

    /// The public modules that are no link in the docs at the top.
    pub(crate) fn unnamed_modules(&self) -> Vec<String> {
        let modules = self.items.iter().filter_map(|item| {
            let Item::Mod(module) = item else { return None };
            let is_public = matches!(module.vis, Visibility::Public(_));
            is_public.then(|| module.ident.to_string())
        });
        modules.filter(|name| !self.docs.contains(&format!("[`{name}`]"))).collect()
    }
}

/// Takes out what only tests see, and notes its lines.
fn remove_tests(items: &mut Vec<Item>, removed: &mut Vec<RangeInclusive<usize>>) {
    items.retain(|item| keep(attributes(item), item.span(), removed));
    for item in items {
        if let Item::Mod(ItemMod { content: Some((_, content)), .. }) = item {
            remove_tests(content, removed);
        } else if let Item::Impl(block) = item {
            block.items.retain(|item| {
                let ImplItem::Fn(function) = item else { return true };
                keep(&function.attrs, item.span(), removed)
            });
        }
    }
}

fn keep(attributes: &[Attribute], span: Span, removed: &mut Vec<RangeInclusive<usize>>) -> bool {
    let is_test = attributes.iter().filter_map(|attribute| attribute.meta.require_list().ok());
    let is_test = is_test
        .filter(|list| list.path.is_ident("cfg"))
        .any(|list| list.tokens.to_string() == "test");
    if is_test {
        removed.push(span.start().line..=span.end().line);
    }
    !is_test
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive list of the library")]
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let pair = attribute.meta.require_name_value().ok()?;
        let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &pair.value else { return None };
        pair.path.is_ident("doc").then(|| line.value())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn lines(from: Span, to: Span) -> usize {
    to.end().line - from.start().line + 1
}

struct Functions<'a> {
    path: &'a str,
    found: Vec<Function>,
}

impl Functions<'_> {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let start = signature.fn_token.span();
        self.found.push(Function {
            place: format!("{}:{}", self.path, start.start().line),
            name: signature.ident.to_string(),
            lines: lines(start, block.span()),
        });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} lines", self.place, self.name, self.lines)
    }
}

#[test]
fn counts_lines_of_code_without_tests() {
    let text = "\
//! Docs.

fn one() {}

#[cfg(test)]
mod tests {
    fn two() {}
}

// Why.
impl One {
    #[cfg(test)]
    fn three() {}
}
";
    let source = Source::new("src/one.rs", text);
    assert_eq!(source.lines, 3);
    assert_eq!(source.functions().len(), 1);
}

#[test]
fn measures_functions_from_their_first_word_to_the_brace() {
    let text = "\
/// Docs.
#[must_use]
pub fn one(
    a: u8,
) -> u8 {
    fn two() -> u8 { 2 }
    a + two()
}
impl One {
    pub(crate) fn three() {
    }
}
";
    let functions = Source::new("src/one.rs", text).functions();
    let functions: Vec<_> = functions.iter().map(ToString::to_string).collect();
    let expected =
        ["src/one.rs:3 one: 6 lines", "src/one.rs:6 two: 1 lines", "src/one.rs:10 three: 2 lines"];
    assert_eq!(functions, expected);
}

#[test]
fn finds_public_modules_that_the_docs_do_not_name() {
    let text = "//! - [`named`]: this one.\npub mod named;\npub mod unnamed;\nmod private;\n";
    assert_eq!(Source::new("src/lib.rs", text).unnamed_modules(), ["unnamed"]);
}
