//! What two nodes, or two starts, can be compared by.

use aws_lc_rs::digest::{Context, SHA256};
use config::{Value, ValueKind};
use pacsgate_core::certificate::Digest;

use super::node::Table;

/// The digest of what all files and variables say together, whatever their order, their comments,
/// and the files that a table stands in. What is in the files that they name is not in it.
pub(super) fn of(root: &Table) -> Digest {
    let mut context = Context::new(&SHA256);
    table(root, &mut context);
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    Digest(out)
}

/// Each part begins with its kind and its length, so that no two configurations read alike.
fn part(kind: u8, length: usize, context: &mut Context) {
    context.update(&[kind]);
    context.update(&(length as u64).to_be_bytes());
}

fn table(table: &Table, context: &mut Context) {
    let mut keys: Vec<_> = table.iter().collect();
    keys.sort_by_key(|(key, _)| *key);
    part(b't', keys.len(), context);
    for (key, inner) in keys {
        text(key, context);
        value(inner, context);
    }
}

fn value(one: &Value, context: &mut Context) {
    match &one.kind {
        ValueKind::Table(inner) => table(inner, context),
        ValueKind::Array(items) => {
            part(b'a', items.len(), context);
            items.iter().for_each(|item| value(item, context));
        }
        ValueKind::String(inner) => text(inner, context),
        ValueKind::Nil
        | ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_) => {
            let shown = one.kind.to_string();
            part(b'v', shown.len(), context);
            context.update(shown.as_bytes());
        }
    }
}

fn text(text: &str, context: &mut Context) {
    part(b's', text.len(), context);
    context.update(text.as_bytes());
}
