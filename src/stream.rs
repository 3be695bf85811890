//! What bytes come and go through: a balancer's header, TLS over a socket, and the buffers that an
//! idle connection does not hold.

pub mod incoming;
pub mod lend;
pub mod pool;
pub mod proxy_protocol;
pub mod read_ahead;
pub mod sides;
pub mod tls;
