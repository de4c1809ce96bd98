//! What an operator asks before a policy is made strict: who would be refused.

mod plaintext;
mod refusals;
mod table;

use std::sync::{Mutex, PoisonError};

use meshwork_tower::ConnectionInfo;

use plaintext::{CallerKey, Calls};
pub use plaintext::{PlaintextCaller, PlaintextCallers};
pub(crate) use refusals::Refused;
pub use refusals::{ObservedRefusal, ObservedRefusals};
use refusals::{RefusalKey, Refusals};
use table::Table;

/// What was seen so far, within bounds.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    plaintext: Mutex<Table<CallerKey, Calls>>,
    refusals: Mutex<Table<RefusalKey, Refusals>>,
}

impl Reports {
    /// Notes a connection, if it is plaintext.
    pub(crate) fn plaintext(&self, port: u16, connection: &ConnectionInfo, refused: bool) {
        if !crate::server::is_plaintext(connection) {
            return;
        }
        let key = CallerKey { port, address: connection.source.map(|source| source.ip()) };
        let mut table = self.plaintext.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = table.see(key);
        calls.connections += 1;
        calls.refused += u64::from(refused);
    }

    /// Notes what would have been refused.
    pub(crate) fn refused(&self, refused: &Refused) {
        let mut table = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let refusals = table.see(refused.key.clone());
        refusals.count += 1;
        refusals.request.clone_from(&refused.request);
    }
}
