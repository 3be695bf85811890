//! The paths that are written in a module: in `use`, in types and expressions, and in macros.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, UseTree, Visibility};

/// What a module names, and where its text says it is.
#[derive(Default)]
pub(crate) struct Paths {
    pub(crate) imports: Vec<Import>,
    /// In code, in the order of their segments.
    pub(crate) written: Vec<Vec<String>>,
    /// Macros called by their name alone.
    pub(crate) macros: Vec<String>,
}

/// One name of a `use`.
pub(crate) struct Import {
    /// The name that it gets here; `None` is a glob.
    pub(crate) name: Option<String>,
    pub(crate) path: Vec<String>,
    /// Passes the name on: that alone is no use of it.
    pub(crate) is_facade: bool,
}

impl Paths {
    /// Those of a module's items, and not of the modules in it.
    pub(crate) fn of(items: &[Item]) -> Self {
        let mut paths = Self::default();
        items.iter().for_each(|item| paths.visit_item(item));
        paths
    }

    fn import(&mut self, tree: &UseTree, prefix: &[String], is_facade: bool) {
        let with = |name: &dyn ToString| [prefix, &[name.to_string()]].concat();
        let (name, path) = match tree {
            UseTree::Path(path) => {
                return self.import(&path.tree, &with(&path.ident), is_facade);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, prefix, is_facade));
            }
            UseTree::Name(name) if name.ident == "self" => {
                (prefix.last().cloned(), prefix.to_vec())
            }
            UseTree::Name(name) => (Some(name.ident.to_string()), with(&name.ident)),
            UseTree::Rename(rename) if rename.ident == "self" => {
                (Some(rename.rename.to_string()), prefix.to_vec())
            }
            UseTree::Rename(rename) => (Some(rename.rename.to_string()), with(&rename.ident)),
            UseTree::Glob(_) => (None, prefix.to_vec()),
        };
        self.imports.push(Import { name, path, is_facade });
    }

    /// Macros are not expanded: whatever looks like a path in one is taken for one.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        // The punctuation since the last name.
        let mut between = String::new();
        for token in tokens {
            match token {
                TokenTree::Punct(punct) => between.push(punct.as_char()),
                TokenTree::Ident(ident) => {
                    if between != "::" {
                        self.written.push(std::mem::take(&mut path));
                    }
                    // A field or a method is no name of a module.
                    if between != "." {
                        path.push(ident.to_string());
                    }
                    between.clear();
                }
                TokenTree::Group(group) => {
                    self.written.push(std::mem::take(&mut path));
                    between.clear();
                    self.scan(group.stream());
                }
                TokenTree::Literal(_) => between.clear(),
            }
        }
        self.written.push(path);
        self.written.retain(|path| !path.is_empty());
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, _module: &'ast syn::ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            let is_facade = !matches!(item.vis, Visibility::Inherited);
            self.import(&item.tree, &[], is_facade);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string());
            self.written.push(segments.collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.get_ident() {
            self.macros.push(name.to_string());
        }
        self.visit_path(&call.path);
        self.scan(call.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.scan(list.tokens.clone());
    }
}
