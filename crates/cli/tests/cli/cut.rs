//! A way to a server that breaks once.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Carries connections to a server; the first is cut after so many bytes in one direction.
pub(crate) struct Cut {
    pub(crate) address: String,
    carried: Arc<AtomicUsize>,
}

impl Cut {
    pub(crate) fn start(server: &str, after_bytes: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let carried = Arc::new(AtomicUsize::new(0));
        let (server, count) = (server.to_owned(), Arc::clone(&carried));
        thread::spawn(move || {
            for near in listener.incoming() {
                let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
                let limit = if is_first { after_bytes } else { usize::MAX };
                let (near, far) = (near.unwrap(), TcpStream::connect(&server).unwrap());
                let (back, answers) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                thread::spawn(move || carry(near, far, limit));
                thread::spawn(move || carry(answers, back, limit));
            }
        });
        Self { address, carried }
    }

    /// How many connections there have been.
    pub(crate) fn carried(&self) -> usize {
        self.carried.load(Ordering::Relaxed)
    }
}

/// Ends both ways without a goodbye, at the limit or as the sockets like it.
fn carry(mut from: TcpStream, mut to: TcpStream, limit: usize) {
    let mut buffer = [0; 16 * 1024];
    let mut passed = 0;
    while passed < limit {
        let Ok(count @ 1..) = from.read(&mut buffer) else { break };
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
        passed += count;
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
