//! Virtual patches: inputs that harm real, unpatched servers, and what the gate does about them.
//!
//! Each row is played twice, each time against a fresh server. Directly, it must do the harm that
//! the row names; else the row proves nothing. Through the gate, the same server must go on
//! unharmed, the next peer must be served, and the audit must name the reason. What harms a client is
//! played the other way round.

mod client;
mod deflated;
mod documentation;
mod elements;
mod harm;
mod nested;
mod play;
mod rows;
mod servers;
