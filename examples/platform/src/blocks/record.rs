use ipnet::IpNet;
use serde::Serialize;
use tenancy_core::TenantId;
use tenancy_core::journal::Resource;
use tenancy_core::time::Time;
use tenancy_security::block::{Block, Effect};

/// An entry of the block list as it is kept and shown.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct BlockRecord {
    pub(crate) network: IpNet,
    /// The shop that does not serve it; all of them if there is none.
    pub(crate) tenant_id: Option<TenantId>,
    pub(crate) effect: &'static str,
    pub(crate) reason: String,
    pub(crate) created_at: Time,
    pub(crate) until: Option<Time>,
    /// Whether a server decided on it, for what the client did.
    pub(crate) is_ban: bool,
}

impl BlockRecord {
    /// What the list in memory says, from now on unless it says since when.
    pub(crate) fn of(block: &Block) -> Self {
        let until = block.ends_at().map(Time::from);
        Self {
            network: block.network(),
            tenant_id: block.tenant_id(),
            effect: name(if block.allows() {
                Effect::Allow
            } else {
                Effect::Block
            }),
            reason: block.reason().to_owned(),
            created_at: block.began_at().map_or_else(Time::now, Time::from),
            until,
            is_ban: false,
        }
    }

    /// The same of what a server decided on.
    pub(super) fn of_ban(block: &Block) -> Self {
        Self {
            is_ban: true,
            ..Self::of(block)
        }
    }

    pub(crate) fn block(&self) -> Block {
        let effect = match self.effect {
            ALLOW => Effect::Allow,
            _ => Effect::Block,
        };
        let block = Block::new(self.network, &self.reason)
            .effect(effect)
            .since(self.created_at.to_timestamp());
        let block = match self.tenant_id {
            Some(tenant_id) => block.of_tenant(tenant_id),
            None => block,
        };
        match self.until {
            Some(until) => block.until(until.to_timestamp()),
            None => block,
        }
    }
}

impl Resource for BlockRecord {
    const KIND: &'static str = "block";

    fn resource_id(&self) -> String {
        self.network.to_string()
    }
}

const ALLOW: &str = "allow";
const BLOCK: &str = "block";

/// What an effect is called.
pub(crate) fn name(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => ALLOW,
        Effect::Block => BLOCK,
    }
}

/// The name among those above that a stored text is.
pub(super) fn known(effect: &str) -> Option<&'static str> {
    [ALLOW, BLOCK].into_iter().find(|name| *name == effect)
}
