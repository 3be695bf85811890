//! Which pacsgate this is.

use std::sync::LazyLock;

/// The version, as in Cargo.toml.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from, if the builder said it (`.ci/package` does).
pub const COMMIT: Option<&str> = option_env!("PACSGATE_COMMIT");

/// Both in one line, for people.
pub fn line() -> &'static str {
    static LINE: LazyLock<String> = LazyLock::new(|| written(COMMIT));
    &LINE
}

fn written(commit: Option<&str>) -> String {
    commit.map_or_else(|| VERSION.to_owned(), |commit| format!("{VERSION} ({commit})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_commit_where_it_is_known() {
        assert_eq!(written(None), VERSION);
        assert_eq!(written(Some("4a3c")), format!("{VERSION} (4a3c)"));
    }
}
