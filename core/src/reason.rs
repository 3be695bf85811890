//! Reasons: why something is refused or has ended, each declared in one row.
//!
//! A row has the variant, its stable code, its sentence, what the administrator does about it and,
//! where there is one, the answer on the wire. The enum, its list and its documentation come from
//! the row, so none of them can lack it:
//!
//! ```text
//! Variant(Type = example): "code", "sentence with {0}" is GROUND, "Advice." => answer;
//! ```
//!
//! A [`Ground`] stands in the rows of rules for what comes over the wire: why the rule exists.
//!
//! [`reasons!`](crate::reasons) is for reasons that are what they are whoever caused them,
//! [`sided_reasons!`](crate::sided_reasons) for those that either side of an association can
//! cause, whose codes begin with the side: they become [`Sided`].

use std::fmt;

use crate::direction::Direction;
use crate::side::Side;
use crate::wire::reject::{Abort, Reject};

/// What every reason has; its sentence is what it displays.
pub trait Explained: fmt::Display {
    /// The stable code in the audit, the counters and the documentation.
    fn code(&self) -> &'static str;

    /// What the administrator does about it; `None` where all is as it should be.
    fn advice(&self) -> Option<&'static str>;
}

/// Why there is a rule for what comes over the wire: exactly one of three reasons.
///
/// What two systems in the field understand differently, and what harms one, is refused. All else
/// that devices get wrong is form, and refuses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Two readers understand it differently: who reads what.
    Meaning(&'static str),
    /// It crashes or fills a system, or leads out of a directory: which, and how.
    Harm(&'static str),
    /// It is untidy and understood alike: what the gate does with it.
    Form(&'static str),
}

/// A reason and the side that caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sided<R> {
    /// Who.
    pub side: Side,
    /// What.
    pub what: R,
}

/// What either side can cause: told apart by the side.
pub trait EitherSides: fmt::Display + Copy {
    /// As [`Explained::code`].
    fn code_of(self, side: Side) -> &'static str;

    /// As [`Explained::advice`].
    fn advice_of(self, side: Side) -> &'static str;
}

impl<R: EitherSides> Sided<R> {
    /// What the administrator does about it, by the system that stands at the side: an advice for the
    /// requestor is for a peer, and one for the acceptor for a PACS.
    pub fn advice_in(self, direction: Direction) -> &'static str {
        let system = direction.system(self.side);
        self.what.advice_of(Direction::Inward.side(system))
    }
}

impl<R: EitherSides> Explained for Sided<R> {
    fn code(&self) -> &'static str {
        self.what.code_of(self.side)
    }

    fn advice(&self) -> Option<&'static str> {
        Some(self.what.advice_of(self.side))
    }
}

impl<R: fmt::Display> fmt::Display for Sided<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(f)
    }
}

/// The last thing that a requestor hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// An A-ASSOCIATE-RJ of the gate's own.
    Reject(Reject),
    /// The acceptor's A-ASSOCIATE-RJ.
    Relayed(Reject),
    /// An A-ABORT of the gate's own.
    Abort(Abort),
    /// The acceptor's A-ABORT.
    RelayedAbort,
    /// A TLS alert, by its name in RFC 8446 section 6; empty where several are possible.
    Alert(&'static str),
    /// The connection is closed, and nothing is said.
    Close,
    /// The connection is reset, because half a PDU was on its way.
    Reset,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject(reject) | Self::Relayed(reject) => reject.fmt(f),
            Self::Abort(abort) => abort.fmt(f),
            Self::RelayedAbort => f.write_str("the acceptor's own A-ABORT"),
            Self::Alert("") => f.write_str("TLS alert"),
            Self::Alert(name) => write!(f, "TLS alert {name}"),
            Self::Close => f.write_str("close"),
            Self::Reset => f.write_str("reset"),
        }
    }
}

/// Declares an enum of reasons, a row for each; see [`reason`](crate::reason).
#[macro_export]
macro_rules! reasons {
    ($(#[$meta:meta])* $vis:vis enum $name:ident -> $answer:ty { $(
        $(#[$about:meta])* $variant:ident $(($field:ty = $example:expr))? :
        $code:literal, $sentence:literal $(is $ground:expr)? $(, $advice:expr)? => $said:expr;
    )+ }) => {
        $crate::reasons! {
            $(#[$meta])* $vis enum $name { $(
                $(#[$about])* $variant $(($field = $example))? :
                $code, $sentence $(is $ground)? $(, $advice)?;
            )+ }
        }

        impl $name {
            /// What is said of it on the wire.
            $vis const fn answer(self) -> $answer {
                match self { $(Self::$variant { .. } => $said,)+ }
            }
        }
    };

    ($(#[$meta:meta])* $vis:vis enum $name:ident { $(
        $(#[$about:meta])* $variant:ident $(($field:ty = $example:expr))? :
        $code:literal, $sentence:literal $(is $ground:expr)? $(, $advice:expr)?;
    )+ }) => {
        $crate::reasons! {
            @list $(#[$meta])* $vis enum $name { $(
                $(#[$about])* $variant $(($field = $example))? : $sentence;
            )+ }
        }

        impl $name {
            /// The stable code in the audit, the counters and the documentation.
            $vis const fn code(self) -> &'static str {
                match self { $(Self::$variant { .. } => $code,)+ }
            }

            /// Why the rule exists; `None` for what is no rule of the wire.
            $vis const fn ground(self) -> Option<$crate::reason::Ground> {
                match self { $(Self::$variant { .. } => $crate::reasons!(@maybe $($ground)?),)+ }
            }
        }

        impl $crate::reason::Explained for $name {
            fn code(&self) -> &'static str {
                (*self).code()
            }

            fn advice(&self) -> Option<&'static str> {
                match self { $(Self::$variant { .. } => $crate::reasons!(@maybe $($advice)?),)+ }
            }
        }
    };

    (@list $(#[$meta:meta])* $vis:vis enum $name:ident { $(
        $(#[$about:meta])* $variant:ident $(($field:ty = $example:expr))? : $sentence:literal;
    )+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        $vis enum $name { $(
            #[doc = $sentence]
            $(#[$about])*
            #[error($sentence)]
            $variant $(($field))?,
        )+ }

        impl $name {
            /// Each once, in the order of the documentation; a value that one holds is an example.
            $vis const ALL: &'static [Self] = &[$(Self::$variant $(($example))?,)+];
        }
    };

    (@maybe) => { None };
    (@maybe $value:expr) => { Some($value) };
}

/// Declares an enum of reasons that either side can cause; see [`reason`](crate::reason).
///
/// A row's code comes without the side, its advice is a pair: for the requestor and for the
/// acceptor. What only one side can cause is declared `Variant only Side: ...`.
#[macro_export]
macro_rules! sided_reasons {
    ($(#[$meta:meta])* $vis:vis enum $name:ident -> $answer:ty { $(
        $(#[$about:meta])* $variant:ident $(($field:ty = $example:expr))? $(only $side:ident)? :
        $code:literal, $sentence:literal $(is $ground:expr)?, $advice:expr => $said:expr;
    )+ }) => {
        $crate::reasons! {
            @list $(#[$meta])* $vis enum $name { $(
                $(#[$about])* $variant $(($field = $example))? : $sentence;
            )+ }
        }

        impl $name {
            /// With the side that caused it.
            #[must_use]
            $vis const fn by(self, side: $crate::side::Side) -> $crate::reason::Sided<Self> {
                $crate::reason::Sided { side, what: self }
            }

            /// Each with each side that can cause it.
            $vis fn all() -> impl Iterator<Item = $crate::reason::Sided<Self>> {
                use $crate::side::Side;
                let sides: &[&[Side]] = &[$($crate::sided_reasons!(@sides $($side)?),)+];
                let each = Self::ALL.iter().zip(sides);
                each.flat_map(|(what, sides)| sides.iter().map(|side| what.by(*side)))
            }

            /// Why the rule exists; `None` for what is no rule of the wire.
            $vis const fn ground(self) -> Option<$crate::reason::Ground> {
                match self { $(Self::$variant { .. } => $crate::reasons!(@maybe $($ground)?),)+ }
            }

            /// What is said of it on the wire to who caused it.
            $vis const fn answer(self) -> $answer {
                match self { $(Self::$variant { .. } => $said,)+ }
            }
        }

        impl $crate::reason::EitherSides for $name {
            fn code_of(self, side: $crate::side::Side) -> &'static str {
                use $crate::side::Side;
                match (side, self) { $(
                    (Side::Requestor, Self::$variant { .. }) => concat!("requestor-", $code),
                    (Side::Acceptor, Self::$variant { .. }) => concat!("acceptor-", $code),
                )+ }
            }

            fn advice_of(self, side: $crate::side::Side) -> &'static str {
                let [requestor, acceptor] = match self { $(Self::$variant { .. } => $advice,)+ };
                match side {
                    $crate::side::Side::Requestor => requestor,
                    $crate::side::Side::Acceptor => acceptor,
                }
            }
        }
    };

    (@sides) => { &[Side::Requestor, Side::Acceptor] };
    (@sides $side:ident) => { &[Side::$side] };
}
