//! The only way for a text into the page: escaped. Names of elements and attributes are the program's.

use std::fmt::{self, Write};

/// A document under way.
pub(super) struct Html(String);

/// Names and values.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

/// Text that marks up nothing.
struct Escaped<'a>(&'a str);

impl Html {
    pub(super) fn new() -> Self {
        Self("<!doctype html>\n".to_owned())
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Self),
    ) {
        self.void(name, attributes);
        inside(self);
        self.put(format_args!("</{name}>"));
    }

    /// An element with nothing but a text in it.
    pub(super) fn leaf(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.element(name, attributes, |html| html.text(text));
    }

    /// An element that has no end.
    pub(super) fn void(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.put(format_args!("<{name}"));
        for (name, value) in
            attributes.iter().filter(|(name, value)| *name != "class" || !value.is_empty())
        {
            self.put(format_args!(" {name}=\"{}\"", Escaped(value)));
        }
        self.put(format_args!(">"));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.put(format_args!("{}", Escaped(text)));
    }

    /// Text in which keys stand between grave accents, as everywhere in pacsgate.
    pub(super) fn prose(&mut self, text: &str) {
        for (at, part) in text.split('`').enumerate() {
            if at % 2 == 0 {
                self.text(part);
            } else {
                self.leaf("code", &[], part);
            }
        }
    }

    fn put(&mut self, what: fmt::Arguments<'_>) {
        // Writing into a String does not fail.
        let _ = self.0.write_fmt(what);
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            '\n' | '\t' => f.write_char(letter),
            // HTML has no way to write some of them, and none are for people.
            letter if letter.is_control() => f.write_char('\u{fffd}'),
            // They change the order of what stands beside them.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_char('\u{fffd}'),
            letter => f.write_char(letter),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(make: impl FnOnce(&mut Html)) -> String {
        let mut html = Html(String::new());
        make(&mut html);
        html.into_text()
    }

    #[test]
    fn escapes_whatever_would_mark_up() {
        let hostile = "</td><script>alert(\"1\" & '2')</script>\0\u{202e}\u{1b}";
        let text = made(|html| html.leaf("td", &[("title", hostile)], hostile));
        let escaped = "&lt;/td&gt;&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;\u{fffd}\u{fffd}\u{fffd}";
        assert_eq!(text, format!("<td title=\"{escaped}\">{escaped}</td>"));
    }

    #[test]
    fn shows_keys_as_code_and_an_odd_accent_as_nothing_worse() {
        let text = made(|html| html.prose("Add it to `calling_ae` of <b> `x"));
        assert_eq!(text, "Add it to <code>calling_ae</code> of &lt;b&gt; <code>x</code>");
    }
}
