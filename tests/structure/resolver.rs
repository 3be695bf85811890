//! From a path to the file that defines what it names.

use std::collections::BTreeSet;

use crate::modules::{Id, Kind, Modules};

/// What a path may lead to. Names of types, values and modules do not meet, so it may be several.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entity {
    Module(Id),
    /// Defined in this module; `is_type` where a path goes on behind it.
    Item {
        module: Id,
        name: String,
        is_type: bool,
    },
}

/// Imports that are being followed: none leads back to itself.
type Trail = Vec<(Id, usize)>;

impl Modules {
    /// Nothing for what comes from another crate, for local variables and for type parameters.
    pub(crate) fn resolve(&self, from: Id, path: &[String]) -> BTreeSet<Entity> {
        self.follow(from, path, &mut Vec::new())
    }

    /// A macro without a path comes from the module itself or from one around it.
    pub(crate) fn resolve_macro(&self, from: Id, name: &str) -> Option<Entity> {
        let around = std::iter::successors(Some(from), |id| self.0[*id].parent);
        let mut defining = around.filter(|id| self.0[*id].own.get(name) == Some(&Kind::Macro));
        let module = defining.next()?;
        Some(Entity::Item { module, name: name.to_owned(), is_type: false })
    }

    fn follow(&self, from: Id, path: &[String], trail: &mut Trail) -> BTreeSet<Entity> {
        let Some((first, rest)) = path.split_first() else { return BTreeSet::new() };
        let mut found = match &**first {
            "crate" => BTreeSet::from([Entity::Module(0)]),
            "self" => BTreeSet::from([Entity::Module(from)]),
            "super" => self.parent(from),
            name => self.named(from, name, trail).unwrap_or_default(),
        };
        for name in rest {
            let step = |entity| match entity {
                Entity::Module(id) if name == "super" => self.parent(id),
                Entity::Module(id) => self.member(id, name, trail),
                // A variant, a constant or a function of the type.
                Entity::Item { is_type: true, .. } => BTreeSet::from([entity]),
                Entity::Item { is_type: false, .. } => BTreeSet::new(),
            };
            found = found.into_iter().flat_map(step).collect();
        }
        found
    }

    fn parent(&self, id: Id) -> BTreeSet<Entity> {
        self.0[id].parent.map(Entity::Module).into_iter().collect()
    }

    /// A name that nothing explains was made there by a macro.
    fn member(&self, module: Id, name: &str, trail: &mut Trail) -> BTreeSet<Entity> {
        self.named(module, name, trail).unwrap_or_else(|| {
            BTreeSet::from([Entity::Item { module, name: name.to_owned(), is_type: true }])
        })
    }

    /// What a name means in a module; `None` where the module does not have it.
    fn named(&self, id: Id, name: &str, trail: &mut Trail) -> Option<BTreeSet<Entity>> {
        let module = &self.0[id];
        let mut found = BTreeSet::new();
        let mut is_known = false;
        if let Some(child) = module.children.get(name) {
            is_known = true;
            found.insert(Entity::Module(*child));
        }
        if let Some(kind) = module.own.get(name) {
            is_known = true;
            let is_type = *kind == Kind::Type;
            found.insert(Entity::Item { module: id, name: name.to_owned(), is_type });
        }
        for (number, import) in module.paths.imports.iter().enumerate() {
            if import.name.as_deref().is_some_and(|it| it != name) || trail.contains(&(id, number))
            {
                continue;
            }
            trail.push((id, number));
            let target = self.follow(id, &import.path, trail);
            if import.name.is_some() {
                is_known = true;
                found.extend(target);
            } else {
                for entity in target {
                    let Entity::Module(target) = entity else { continue };
                    let through = self.named(target, name, trail);
                    is_known |= through.is_some();
                    found.extend(through.unwrap_or_default());
                }
            }
            trail.pop();
        }
        is_known.then_some(found)
    }
}
