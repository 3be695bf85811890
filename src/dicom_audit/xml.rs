//! Writing XML: the few things that these messages have. A crate would do the same and no more: what XML
//! cannot have at all has to be replaced before it is given to any.

use std::fmt::Write as _;

/// A document that is being written.
#[derive(Debug)]
pub(super) struct Xml {
    text: String,
    open: Vec<&'static str>,
    /// The last element has no content yet, and may have further attributes.
    is_in_tag: bool,
}

impl Xml {
    pub(super) fn new() -> Self {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned();
        Self { text, open: Vec::new(), is_in_tag: false }
    }

    /// Begins an element.
    pub(super) fn open(&mut self, name: &'static str) {
        self.end_tag();
        let _ = write!(self.text, "<{name}");
        self.open.push(name);
        self.is_in_tag = true;
    }

    /// Of the element that was begun last.
    pub(super) fn attribute(&mut self, name: &'static str, value: &str) {
        let _ = write!(self.text, " {name}=\"");
        self.escape(value);
        self.text.push('"');
    }

    /// An attribute that may be missing.
    pub(super) fn optional(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.attribute(name, value);
        }
    }

    /// Text inside the element that was begun last.
    pub(super) fn text(&mut self, text: &str) {
        self.end_tag();
        self.escape(text);
    }

    /// An element with nothing but text.
    pub(super) fn leaf(&mut self, name: &'static str, text: &str) {
        self.open(name);
        self.text(text);
        self.close();
    }

    /// Ends the element that was begun last and has not ended.
    pub(super) fn close(&mut self) {
        let Some(name) = self.open.pop() else { return };
        if std::mem::take(&mut self.is_in_tag) {
            self.text.push_str("/>");
        } else {
            let _ = write!(self.text, "</{name}>");
        }
    }

    /// The document, with whatever is still open ended.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn end_tag(&mut self) {
        if std::mem::take(&mut self.is_in_tag) {
            self.text.push('>');
        }
    }

    fn escape(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                // As they are, a reader makes blanks of them.
                '\t' | '\n' | '\r' => {
                    let _ = write!(self.text, "&#{};", u32::from(letter));
                }
                _ if is_allowed(letter) => self.text.push(letter),
                _ => self.text.push(char::REPLACEMENT_CHARACTER),
            }
        }
    }
}

/// Whether XML 1.0 can have it (section 2.2).
const fn is_allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_replaces_what_would_break_it() {
        let mut xml = Xml::new();
        xml.open("A");
        xml.attribute("b", "\"<&>'\0\u{1b}\u{ffff}\n\u{85}é");
        xml.leaf("C", "]]><!--");
        xml.open("D");
        let text = xml.finish();
        let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap();
        let expected = "<A b=\"&quot;&lt;&amp;&gt;'\u{fffd}\u{fffd}\u{fffd}&#10;\u{85}é\">\
                        <C>]]&gt;&lt;!--</C><D/></A>";
        assert_eq!(body, expected);
    }
}
