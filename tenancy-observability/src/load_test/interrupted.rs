/// Waits until somebody interrupts this process, as with Ctrl-C. Where that cannot be heard it ends the
/// process, as it would have without us, and this waits for ever.
pub async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
