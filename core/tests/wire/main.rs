//! The association PDUs through the public API: what passes, what is refused, what is sent.

#[cfg(test)]
mod answer;
#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod build;
#[cfg(test)]
mod encoding;
#[cfg(test)]
#[path = "../memory/limits.rs"]
mod limits;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod request;
#[cfg(test)]
mod vectors;
