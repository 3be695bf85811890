//! What was done, in the words of `services`.

use std::collections::{BTreeMap, BTreeSet};

use pacsgate_core::services::{self, Operation, Role, Service, SopClass};
use pacsgate_core::wire::uid::Uid;
use toml::{Table, Value};

use super::traffic::{Traffic, Use};

/// The services by which all of it may be done: those with a name first, each once.
pub fn of(traffic: &Traffic) -> Vec<Service> {
    let mut named = BTreeSet::new();
    let mut others: BTreeMap<(Uid, bool), BTreeSet<Operation>> = BTreeMap::new();
    for what in traffic.uses.names() {
        match by(what) {
            Some(By::Name(name)) => {
                named.insert(name);
            }
            Some(By::SopClass(operation, role)) => {
                let key = (what.sop_class.clone(), role == Role::Scp);
                others.entry(key).or_default().insert(operation);
            }
            None => {}
        }
    }
    let named = Service::NAMED.iter().filter(|it| it.name().is_some_and(|it| named.contains(it)));
    let others = others.into_iter().map(|((sop_class, is_scp), operations)| {
        let role = if is_scp { Role::Scp } else { Role::Scu };
        Service::Other { sop_class, role, operations: operations.into_iter().collect() }
    });
    named.cloned().chain(others).collect()
}

enum By {
    Name(&'static str),
    SopClass(Operation, Role),
}

fn by(what: &Use) -> Option<By> {
    let Use { sop_class, operation, is_by_pacs } = what;
    let is_known = SopClass::with_uid(sop_class).is_some();
    if *is_by_pacs {
        // What C-GET returns of the standard's objects comes with `get`, and reports with what they are of.
        let is_returned = *operation == Operation::CStore && !is_known;
        return is_returned.then_some(By::SopClass(Operation::CGet, Role::Scu));
    }
    let name = services::name_for(*operation, sop_class).or_else(|| services::name_of(sop_class));
    if let Some(name) = name {
        return Some(By::Name(name));
    }
    let reports = *operation == Operation::NEventReport;
    let role = if reports { Role::Scp } else { Role::Scu };
    services::is_permissible(sop_class).then_some(By::SopClass(*operation, role))
}

/// Whether the ones that are there have this one.
pub fn cover(there: &[Service], wanted: &Service) -> bool {
    let Service::Other { sop_class, role, operations } = wanted else {
        return there.contains(wanted);
    };
    let has = |operation: &Operation| {
        let is_it = |it: &Service| {
            let Service::Other { sop_class: of, role: as_what, operations } = it else {
                return false;
            };
            of == sop_class && as_what == role && operations.contains(operation)
        };
        there.iter().any(is_it)
    };
    operations.iter().all(has)
}

/// As it stands in `services`.
pub fn value(service: &Service) -> Value {
    let Service::Other { sop_class, role, operations } = service else {
        return service.name().unwrap_or_default().into();
    };
    let mut table = Table::new();
    table.insert("sop_class".to_owned(), class(sop_class).into());
    if *role == Role::Scp {
        table.insert("role".to_owned(), "scp".into());
    }
    let names = operations.iter().map(|it| Value::from(it.name()));
    table.insert("operations".to_owned(), Value::Array(names.collect()));
    Value::Table(table)
}

/// The keyword where the standard has one.
pub fn class(uid: &Uid) -> String {
    SopClass::with_uid(uid).map_or_else(|| uid.to_string(), |class| class.keyword.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn did(operation: &str, class: &str, is_by_pacs: bool) -> Traffic {
        let mut traffic = Traffic::default();
        let sop_class = SopClass::uid_of(class).unwrap();
        traffic.uses.add(Use { sop_class, operation: operation.parse().unwrap(), is_by_pacs }, 1);
        traffic
    }

    #[test]
    fn names_what_has_a_name() {
        let rows = [
            ("c-echo", "Verification", "echo"),
            ("c-store", "CTImageStorage", "store"),
            ("c-store", "KeyObjectSelectionDocumentStorage", "key-object"),
            ("c-find", "StudyRootQueryRetrieveInformationModelFind", "find"),
            ("c-move", "StudyRootQueryRetrieveInformationModelMove", "move"),
            ("c-get", "StudyRootQueryRetrieveInformationModelGet", "get"),
            ("c-find", "ModalityWorklistInformationModelFind", "worklist"),
            ("n-create", "ModalityPerformedProcedureStep", "mpps"),
            ("n-action", "StorageCommitmentPushModel", "storage-commitment"),
            ("n-create", "BasicFilmSession", "print"),
        ];
        for (operation, class, name) in rows {
            assert_eq!(of(&did(operation, class, false)), [name.parse().unwrap()], "{class}");
        }
    }

    #[test]
    fn gives_by_sop_class_what_has_none() {
        let own = of(&did("c-store", "1.2.3.4", false));
        assert!(value(&own[0]).to_string().contains(r#"sop_class = "1.2.3.4""#));
        let returned = of(&did("c-store", "1.2.3.4", true));
        assert!(value(&returned[0]).to_string().contains("c-get"));
        assert!(of(&did("c-store", "CTImageStorage", true)).is_empty());
        assert!(cover(&own, &own[0]) && !cover(&own, &returned[0]));
    }
}
