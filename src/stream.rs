//! What bytes come and go through: TLS over a socket, and the buffers that an idle connection does
//! not hold.

pub mod pool;
pub mod read_ahead;
pub mod tls;
