//! Look-ups of names under way. Each holds a thread for as long as the system's resolver takes, whoever has given up
//! meanwhile; one module whose names take long leaves threads for those of others.

use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use wasmtime_wasi_http::Error;

/// As many as the runtime has threads for them.
const MOST: usize = 4;
const MOST_OF_ONE: usize = 2;
/// Those that are gone are taken out when there are so many.
const MOST_KEPT: usize = 64;

pub struct LookUps {
    all: Arc<Semaphore>,
    of_owners: Mutex<HashMap<u64, Weak<Semaphore>>>,
}

impl Default for LookUps {
    fn default() -> Self {
        LookUps {
            all: Arc::new(Semaphore::new(MOST)),
            of_owners: Mutex::default(),
        }
    }
}

impl LookUps {
    /// Takes as long as the resolver does, and the others before it.
    pub async fn look_up(&self, owner: u64, name: String) -> Result<Vec<IpAddr>, Error> {
        let own = self.of_owner(owner).acquire_owned().await;
        let one = self.all.clone().acquire_owned().await;
        let found = spawn_blocking(move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            drop((own, one));
            found.map(|addresses| addresses.map(|address| address.ip()).collect())
        });
        match found.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(_)) => Ok(Vec::new()),
            Err(_) => Err(Error::InternalError(None)),
        }
    }

    fn of_owner(&self, owner: u64) -> Arc<Semaphore> {
        let of_owners = self.of_owners.lock();
        let mut of_owners = of_owners.unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = of_owners.get(&owner).and_then(Weak::upgrade) {
            return found;
        }
        if of_owners.len() >= MOST_KEPT {
            of_owners.retain(|_, semaphore| semaphore.strong_count() > 0);
        }
        let made = Arc::new(Semaphore::new(MOST_OF_ONE));
        of_owners.insert(owner, Arc::downgrade(&made));
        made
    }
}
