//! `pacsgate init`.
