//! The whole inspector through the public API, whatever comes and however it is cut: the twins of
//! the fuzz targets `inspector` and `command`.

#[cfg(test)]
mod build;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod held;
#[cfg(test)]
#[path = "../memory/limits.rs"]
mod limits;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod play;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod traffic;
#[cfg(test)]
mod uncopied;
