//! The transfer syntaxes whose data sets can be walked, and how.
