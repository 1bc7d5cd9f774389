//! What is changed between a session and its resumption: a revocation, a CA that is trusted no
//! longer, time, another name of the server.

use std::{sync::Arc, thread, time::Duration};

use rustls_pki_types::ServerName;

use super::{
    credentials::Credentials,
    handover::{self, Staged, present},
    hook::Hook,
    resumption::endpoint,
    scene::Scene,
};
use crate::{
    handshake::resume::{Change, Endpoint, Operator},
    question::Time,
};

/// Revokes one certificate through the operator's own commands.
pub(super) struct Revoking<'s> {
    pub(super) scene: &'s Scene,
    pub(super) hook: &'s Hook,
    pub(super) fresh: Staged,
    pub(super) revoked: Staged,
}

impl Operator for Revoking<'_> {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        handover::publish(self.scene, self.hook, &self.revoked.crls)?;
        handover::until_refused(self.scene, &self.revoked.credentials);
        Ok(None)
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        handover::restore(self.scene, self.hook, &self.fresh.crls)?;
        handover::until_well(self.scene);
        Ok(())
    }
}

/// Takes a CA away again that the server was made to trust.
pub(super) struct Distrusting<'s> {
    pub(super) scene: &'s Scene,
    pub(super) hook: &'s Hook,
    pub(super) shown: Arc<Credentials>,
}

impl Operator for Distrusting<'_> {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        handover::publish(self.scene, self.hook, &[])?;
        handover::until_refused(self.scene, &self.shown);
        Ok(None)
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}

/// Lets a certificate end.
pub(super) struct Waiting<'s> {
    pub(super) scene: &'s Scene,
    pub(super) end: Time,
    pub(super) shown: Arc<Credentials>,
    pub(super) has_waited: bool,
}

impl Operator for Waiting<'_> {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        self.has_waited = true;
        while present() <= self.end {
            thread::sleep(Duration::from_millis(100));
        }
        // The server's clock may be a little behind.
        handover::until_refused(self.scene, &self.shown);
        Ok(None)
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}

/// Goes to the same server under another name.
pub(super) struct GoesTo<'s> {
    pub(super) scene: &'s Scene,
    pub(super) name: &'s str,
}

impl Operator for GoesTo<'_> {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        let name = ServerName::try_from(self.name.to_owned());
        let name = name.map_err(|_| format!("`{}` is no server name", self.name))?;
        let mut endpoint = endpoint(self.scene)?;
        endpoint.request = self.scene.wishes.request.to_bytes(self.name);
        endpoint.name = name;
        Ok(Some(endpoint))
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}
