use crate::tenant::TenantId;

tokio::task_local! {
    static TENANT: TenantId;
}

/// The id of the tenant that the current task works for, for log lines only.
///
/// It is no scope and opens nothing. Task-locals do not travel into spawned tasks, so there it
/// is `None` unless the work was wrapped in
/// [`TenantScope::in_logs`](super::TenantScope::in_logs) again.
pub fn ambient_tenant_id() -> Option<TenantId> {
    TENANT.try_with(|id| *id).ok()
}

pub(super) fn with<F: Future>(id: TenantId, work: F) -> impl Future<Output = F::Output> {
    TENANT.scope(id, work)
}
