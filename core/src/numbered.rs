//! Closed lists of the standard: each entry with its number on the wire and its word.

/// Declares such a list, a row for each entry.
macro_rules! numbered {
    ($(#[$meta:meta])* pub enum $name:ident, $number_of:ident: $number:ty { $(
        $(#[$about:meta])* $variant:ident = $value:literal, $word:literal;
    )+ }) => {
        $(#[$meta])*
        pub enum $name {
            $($(#[$about])* #[doc = $word] $variant,)+
        }

        impl $name {
            /// Every entry, in the order of its discriminants.
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];

            /// The number on the wire.
            pub const fn $number_of(self) -> $number {
                match self { $(Self::$variant => $value,)+ }
            }

            /// The word for people, and for the configuration.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use numbered;
