//! Data sets through the public API: what passes, what is refused, what is counted.

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod build;
#[cfg(test)]
mod identifiers;
#[cfg(test)]
mod image;
#[cfg(test)]
#[path = "../memory/limits.rs"]
mod limits;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sound;
#[cfg(test)]
mod structure;
#[cfg(test)]
mod vectors;
