//! A PACS of few scruples that counts who comes.

use super::PATIENCE;
use super::associate::Associate;
use super::dimse::{Request, find_pending, image_head, success};
use super::pdu::{COMMAND, DATA, LAST, P_DATA, Pdu, RELEASE_RQ, p_data, release_rp};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A listening PACS. It counts connections from its start and plays a script on each.
pub(crate) struct Pacs {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    received: Mutex<Receiver<Vec<u8>>>,
    running: Running,
}

/// The connections that are open, by their numbers.
type Open = Arc<Mutex<HashMap<usize, TcpStream>>>;

/// What a stop of the PACS ends.
struct Running {
    stopped: Arc<AtomicBool>,
    open: Open,
    accepts: JoinHandle<()>,
}

/// One connection at the PACS; what it reads is recorded.
pub(crate) struct Accepted {
    stream: TcpStream,
    received: Vec<u8>,
    done: Sender<Vec<u8>>,
    number: usize,
    open: Open,
}

impl Pacs {
    /// A PACS that plays this script on every connection.
    pub(crate) fn playing(script: impl Fn(&mut Accepted) + Send + Sync + 'static) -> Self {
        Self::serving(move |_, connection| script(connection))
    }

    /// A PACS that plays this script on its first connection and is a good one afterwards.
    pub(crate) fn first_playing(script: impl Fn(&mut Accepted) + Send + Sync + 'static) -> Self {
        Self::serving(move |number, connection| match number {
            0 => script(connection),
            1.. => connection.serve(),
        })
    }

    /// A PACS that takes requests and answers none, and the news of each.
    pub(crate) fn silent() -> (Self, Receiver<()>) {
        let (asked, wait_for_request) = channel();
        let pacs = Self::playing(move |pacs| {
            pacs.request();
            asked.send(()).unwrap();
            pacs.drain();
        });
        (pacs, wait_for_request)
    }

    /// A PACS that accepts what is proposed and answers each C-ECHO and C-STORE with success.
    pub(crate) fn good() -> Self {
        Self::playing(Accepted::serve)
    }

    /// A good one where another one was before.
    pub(crate) fn good_at(address: SocketAddr) -> Self {
        Self::listening(TcpListener::bind(address).unwrap(), |_, connection| connection.serve())
    }

    /// Ends as a process does that is killed: its port is closed, its connections are reset.
    pub(crate) fn stop(self) {
        let Running { stopped, open, accepts } = self.running;
        stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        accepts.join().unwrap();
        for stream in open.lock().unwrap().values() {
            socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// All bytes of the next connection that ends.
    pub(crate) fn received(&self) -> Vec<u8> {
        self.received.lock().unwrap().recv_timeout(PATIENCE).unwrap()
    }

    fn serving(script: impl Fn(usize, &mut Accepted) + Send + Sync + 'static) -> Self {
        Self::listening(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }

    fn listening(
        listener: TcpListener,
        script: impl Fn(usize, &mut Accepted) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, script) = (Arc::clone(&connections), Arc::new(script));
        let (done, received) = channel();
        let stopped = Arc::new(AtomicBool::new(false));
        let open = Open::default();
        let (is_stopped, opened) = (Arc::clone(&stopped), Arc::clone(&open));
        let accepts = thread::spawn(move || {
            for stream in listener.incoming().map(Result::unwrap) {
                if is_stopped.load(Ordering::SeqCst) {
                    return;
                }
                let number = counter.fetch_add(1, Ordering::SeqCst);
                let open = Arc::clone(&opened);
                let mut connection = Accepted::new(stream, done.clone(), number, open);
                let script = Arc::clone(&script);
                thread::spawn(move || script(number, &mut connection));
            }
        });
        let running = Running { stopped, open, accepts };
        Self { address, connections, received: Mutex::new(received), running }
    }
}

impl Accepted {
    fn new(stream: TcpStream, done: Sender<Vec<u8>>, number: usize, open: Open) -> Self {
        open.lock().unwrap().insert(number, stream.try_clone().unwrap());
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, received: Vec::new(), done, number, open }
    }

    /// Where the gate has connected from.
    pub(crate) fn source(&self) -> IpAddr {
        self.stream.peer_addr().unwrap().ip()
    }

    /// Sends bytes as they are; the gate may have gone.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Waits for the next PDU.
    pub(crate) fn receive(&mut self) -> io::Result<Pdu> {
        Pdu::read(self)
    }

    /// Takes the request, without an answer.
    pub(crate) fn request(&mut self) -> Associate {
        Associate::parse(&self.receive().unwrap())
    }

    /// Takes the request and accepts all of it.
    pub(crate) fn accept(&mut self) -> Associate {
        let request = self.request();
        self.send(&request.acceptance().encode());
        request
    }

    /// Reads until the gate ends the connection.
    pub(crate) fn drain(&mut self) {
        let _ = io::copy(self, &mut io::sink());
    }

    /// Takes one message, a data set behind its command included.
    pub(crate) fn message(&mut self) -> Request {
        let mut command = Vec::new();
        loop {
            for pdv in self.receive().unwrap().pdvs() {
                if pdv.control & COMMAND != 0 {
                    command.extend(&pdv.data);
                }
                let done = pdv.control & LAST != 0;
                if done && (pdv.control & COMMAND == 0 || !Request::parse(&command).has_data_set) {
                    return Request::parse(&command);
                }
            }
        }
    }

    /// Sends bytes from a thread of their own, so that this one can read.
    pub(crate) fn send_beside(&self, bytes: Vec<u8>) {
        let mut stream = self.stream.try_clone().unwrap();
        thread::spawn(move || stream.write_all(&bytes));
    }

    /// Answers the message in this PDU.
    pub(crate) fn answer_to(&mut self, pdu: &Pdu) {
        self.answer_data(pdu, &mut Vec::new());
    }

    /// Takes a C-FIND-RQ and answers with a data set without end.
    pub(crate) fn flood(&mut self) {
        let question = self.message();
        self.send(&p_data(5, COMMAND | LAST, &find_pending(question.id)));
        self.send(&p_data(5, DATA, &image_head(1 << 30)));
        self.send_without_end(&p_data(5, DATA, &[0; 16_376]));
    }

    /// Sends the same again and again until the gate ends the connection.
    pub(crate) fn send_without_end(&mut self, bytes: &[u8]) {
        while self.stream.write_all(bytes).is_ok() {}
    }

    /// Reads this many bytes and keeps none.
    pub(crate) fn discard(&mut self, count: usize) {
        let mut source = (&self.stream).take(count.try_into().unwrap());
        let _ = io::copy(&mut source, &mut io::sink());
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(&mut self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }

    /// Accepts the association and answers what comes until it ends.
    pub(crate) fn serve(&mut self) {
        self.accept();
        self.answer();
    }

    /// Answers what comes on an open association until it ends.
    pub(crate) fn answer(&mut self) {
        let mut asked = Vec::new();
        while let Ok(pdu) = self.receive() {
            match pdu.kind {
                P_DATA => self.answer_data(&pdu, &mut asked),
                RELEASE_RQ => return self.send(&release_rp()),
                _ => return,
            }
        }
    }

    fn answer_data(&mut self, pdu: &Pdu, asked: &mut Vec<u8>) {
        for pdv in pdu.pdvs() {
            if pdv.control & COMMAND != 0 {
                asked.extend(&pdv.data);
            }
            if pdv.control & LAST == 0 {
                continue;
            }
            let request = Request::parse(asked);
            if pdv.control & COMMAND != 0 && request.has_data_set {
                continue;
            }
            asked.clear();
            self.send(&p_data(pdv.context, COMMAND | LAST, &success(&request)));
        }
    }
}

impl Read for Accepted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.received.extend(&buffer[..count]);
        Ok(count)
    }
}

impl Drop for Accepted {
    fn drop(&mut self) {
        self.open.lock().unwrap().remove(&self.number);
        // Nobody waits for it in most tests.
        let _ = self.done.send(std::mem::take(&mut self.received));
    }
}
