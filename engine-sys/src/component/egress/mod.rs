//! Requests that guests send: to hosts that their module names, and to no address that the operator has not allowed.

pub mod address;
pub mod budget;
pub mod call;
pub mod connection;
pub mod errors;
pub mod figures;
pub mod look_ups;
pub mod outside;
pub mod pattern;
pub mod pool;
pub mod received_body;
pub mod resolve;
pub mod send;
pub mod sent_body;
pub mod target;
pub mod tls;

use std::sync::Arc;

use tokio::sync::Semaphore;

use figures::Figures;
use look_ups::LookUps;
use pattern::Pattern;
use pool::Pool;
use tls::Tls;

/// What the operator says.
pub struct Settings {
    /// False: no request goes out, whatever modules say.
    pub is_on: bool,
    pub private_allowed: bool,
    /// What else has to allow a host; none: what modules say will do.
    pub allow: Vec<Pattern>,
    /// That are open at once, of all calls.
    pub connections: usize,
    /// Of one call.
    pub requests: u64,
    /// Of one call, both ways.
    pub bytes: u64,
}

/// What all calls share.
pub struct Egress {
    pub settings: Settings,
    pub figures: Figures,
    pub pool: Pool,
    pub tls: Tls,
    pub connections: Arc<Semaphore>,
    pub look_ups: LookUps,
}

impl Egress {
    pub fn new(settings: Settings, tls: Tls) -> Arc<Egress> {
        let connections = settings.connections.min(Semaphore::MAX_PERMITS);
        Arc::new(Egress {
            settings,
            figures: Figures::default(),
            pool: Pool::default(),
            tls,
            connections: Arc::new(Semaphore::new(connections)),
            look_ups: LookUps::default(),
        })
    }

    pub fn open_connections(&self) -> usize {
        self.settings
            .connections
            .saturating_sub(self.connections.available_permits())
    }
}
