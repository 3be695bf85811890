//! What may pass once an association is established.
