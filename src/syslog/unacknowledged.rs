//! What the other end's system has not acknowledged of a socket, as the kernel's table of sockets has
//! it (proc(5)): the one place where it stands that needs neither unsafe code nor rights.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::fd::AsRawFd;

use tokio::net::TcpStream;

/// Of which version of IP a socket is, it may be in the table of the other one.
const TABLES: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
/// Where a row of a table has its columns.
const QUEUES: usize = 4;
const INODE: usize = 9;

/// A socket by its number in the tables.
#[derive(Clone, Debug)]
pub(super) struct Socket(String);

impl Socket {
    /// `None` where the tables cannot be read.
    pub(super) fn of(stream: &TcpStream) -> Option<Self> {
        let link = fs::read_link(format!("/proc/self/fd/{}", stream.as_raw_fd())).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        let socket = Self(inode.to_owned());
        socket.unacknowledged().map(|_| socket)
    }

    /// How many bytes were written and not acknowledged; `None` where the connection is gone.
    pub(super) fn unacknowledged(&self) -> Option<u64> {
        TABLES.iter().find_map(|table| self.find(BufReader::new(File::open(table).ok()?)))
    }

    fn find(&self, table: impl BufRead) -> Option<u64> {
        let rows = table.lines().map_while(Result::ok);
        rows.filter_map(|row| self.queue(&row)).next()
    }

    fn queue(&self, row: &str) -> Option<u64> {
        let columns = row.split_ascii_whitespace();
        if columns.clone().nth(INODE)? != self.0 {
            return None;
        }
        let (sending, _) = columns.clone().nth(QUEUES)?.split_once(':')?;
        u64::from_str_radix(sending, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn tells_what_the_other_system_has_not_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (taken, _) = listener.accept().await.unwrap();
        let socket = Socket::of(&stream).unwrap();
        stream.write_all(b"hello").await.unwrap();
        while socket.unacknowledged() != Some(0) {
            tokio::task::yield_now().await;
        }
        // Nobody reads: at last the windows are full.
        let full = vec![0; 1 << 20];
        let filled = async { while stream.write_all(&full).await.is_ok() {} };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(300), filled).await;
        assert!(socket.unacknowledged() > Some(0));
        drop(taken);
    }

    #[test]
    fn finds_the_row_of_its_number() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 0100007F:C350 01 0000002A:00000000 00:00000000 00000000  1000        0 777 1\n";
        assert_eq!(Socket("777".to_owned()).find(table.as_bytes()), Some(42));
        assert_eq!(Socket("1000".to_owned()).find(table.as_bytes()), None);
    }
}
