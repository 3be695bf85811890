//! No allocation beyond the limits: what hostile input makes the parsers, the walker and the
//! inspector hold. The limits themselves, with their derivation, are in `limits.rs`; the properties
//! of the other test crates and the fuzz targets hold arbitrary input against the same ones.

#[cfg(test)]
mod associate;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod token;
#[cfg(test)]
mod walker;
