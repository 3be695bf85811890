//! The modules of a crate, found as the compiler finds them: from the root along each `mod`.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::Item;

use crate::paths::Paths;
use crate::source::Source;

/// Each with its place in the list; the root is the first.
pub(crate) struct Modules(pub(crate) Vec<Module>);

pub(crate) type Id = usize;

pub(crate) struct Module {
    /// The file in which it stands.
    pub(crate) file: String,
    pub(crate) parent: Option<Id>,
    pub(crate) children: BTreeMap<String, Id>,
    /// The names that are defined in it.
    pub(crate) own: BTreeMap<String, Kind>,
    pub(crate) paths: Paths,
}

/// What a name is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A type or a trait: a path goes on behind it.
    Type,
    /// A function or a value.
    Value,
    Macro,
}

impl Modules {
    pub(crate) fn of(root: &str, sources: &[Source]) -> Self {
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut modules = Self(Vec::new());
        let source = find(sources, root).unwrap_or_else(|| panic!("{root} is missing"));
        modules.add(None, root, folder, &source.items, sources);
        modules
    }

    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.0.iter().any(|module| module.file == path)
    }

    fn add(
        &mut self,
        parent: Option<Id>,
        file: &str,
        folder: &str,
        items: &[Item],
        sources: &[Source],
    ) -> Id {
        let id = self.0.len();
        let own = items.iter().filter_map(definition).chain(items.iter().filter_map(declared));
        let own = own.collect();
        let (file, children) = (file.to_owned(), BTreeMap::new());
        self.0.push(Module { file: file.clone(), parent, children, own, paths: Paths::of(items) });
        for item in items {
            let Item::Mod(module) = item else { continue };
            let name = module.ident.to_string();
            let folder = format!("{folder}/{name}");
            let child = match &module.content {
                Some((_, content)) => self.add(Some(id), &file, &folder, content, sources),
                None => {
                    let path = format!("{folder}.rs");
                    let source = find(sources, &path);
                    let source = source.unwrap_or_else(|| panic!("{file}: no {path}"));
                    self.add(Some(id), &path, &folder, &source.items, sources)
                }
            };
            self.0[id].children.insert(name, child);
        }
        id
    }
}

fn find<'a>(sources: &'a [Source], path: &str) -> Option<&'a Source> {
    sources.iter().find(|source| source.path == path)
}

/// What a macro at the top declares, as `reasons!` does, or what it will where it is called, as
/// with one that is defined for a single call.
fn declared(item: &Item) -> Option<(String, Kind)> {
    let Item::Macro(item) = item else { return None };
    type_in(item.mac.tokens.clone()).map(|name| (name, Kind::Type))
}

fn type_in(tokens: TokenStream) -> Option<String> {
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "enum" || word == "struct" => {
                // A name of the macro's own, and not one that it is given.
                if let Some(TokenTree::Ident(name)) = tokens.next() {
                    return Some(name.to_string());
                }
            }
            TokenTree::Group(group) => {
                if let Some(name) = type_in(group.stream()) {
                    return Some(name);
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    None
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a non-exhaustive list of the library")]
fn definition(item: &Item) -> Option<(String, Kind)> {
    let (name, kind) = match item {
        Item::Const(item) => (&item.ident, Kind::Value),
        Item::Enum(item) => (&item.ident, Kind::Type),
        Item::Fn(item) => (&item.sig.ident, Kind::Value),
        Item::Macro(item) => (item.ident.as_ref()?, Kind::Macro),
        Item::Static(item) => (&item.ident, Kind::Value),
        Item::Struct(item) => (&item.ident, Kind::Type),
        Item::Trait(item) => (&item.ident, Kind::Type),
        Item::Type(item) => (&item.ident, Kind::Type),
        _ => return None,
    };
    Some((name.to_string(), kind))
}
