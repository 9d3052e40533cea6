//! Connections that wait for another request. Each is of one module: some servers know who asks by the connection.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Egress;
use super::connection::Connection;
use super::target::Target;
use crate::component::waking::runtime;

const MOST: usize = 100;
const MOST_OF_ONE: usize = 4;
const LONGEST_IDLE: Duration = Duration::from_secs(30);
const BETWEEN_SWEEPS: Duration = Duration::from_secs(5);

/// Who may use it again: the same revision of a module, for the same host.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub owner: u64,
    pub target: Target,
}

struct Idle {
    key: Key,
    connection: Connection,
    since: Instant,
}

#[derive(Default)]
struct State {
    idle: Vec<Idle>, // the longest idle first
    is_swept: bool,
}

#[derive(Default)]
pub struct Pool(Mutex<State>);

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last.
    pub fn take(&self, key: &Key) -> Option<Connection> {
        let mut state = self.lock();
        state.drop_old();
        let place = state.idle.iter().rposition(|idle| idle.key == *key)?;
        Some(state.idle.remove(place).connection)
    }

    pub fn drop_oldest(&self) {
        let mut state = self.lock();
        if !state.idle.is_empty() {
            state.idle.remove(0);
        }
    }

    pub fn idle(&self) -> usize {
        self.lock().idle.len()
    }

    fn put(&self, key: Key, connection: Connection) -> bool {
        let mut state = self.lock();
        let of_key = |idle: &Idle| idle.key == key;
        let same = state.idle.iter().filter(|idle| of_key(idle)).count();
        if same >= MOST_OF_ONE {
            state.idle.retain({
                let mut is_first = true;
                move |idle| !(of_key(idle) && mem::take(&mut is_first))
            });
        } else if state.idle.len() >= MOST {
            state.idle.remove(0);
        }
        state.idle.push(Idle {
            key,
            connection,
            since: Instant::now(),
        });
        !mem::replace(&mut state.is_swept, true)
    }

    /// Whether there is more to sweep.
    fn sweep(&self) -> bool {
        let mut state = self.lock();
        state.drop_old();
        state.is_swept = !state.idle.is_empty();
        state.is_swept
    }
}

impl State {
    fn drop_old(&mut self) {
        self.idle.retain(|idle| {
            !idle.connection.sender.is_closed() && idle.since.elapsed() < LONGEST_IDLE
        });
    }
}

/// From any thread.
pub fn park(egress: &Arc<Egress>, key: Key, connection: Connection) {
    if connection.sender.is_closed() || !egress.pool.put(key, connection) {
        return;
    }
    let egress = Arc::downgrade(egress);
    runtime().spawn(async move {
        loop {
            sleep(BETWEEN_SWEEPS).await;
            match egress.upgrade() {
                Some(egress) if egress.pool.sweep() => {}
                _ => return,
            }
        }
    });
}
