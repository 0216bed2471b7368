//! Signals that end the program: interrupt, termination, hang-up.

/// Resolves when the system asks the program to end.
#[cfg(unix)]
pub async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut waiting: futures_util::stream::FuturesUnordered<_> = kinds
        .into_iter()
        .filter_map(|kind| signal(kind).ok())
        .map(|mut stream| async move {
            stream.recv().await;
        })
        .collect();
    match futures_util::StreamExt::next(&mut waiting).await {
        Some(()) => {}
        // No handler could be installed: the signals' default actions end the program instead.
        None => std::future::pending().await,
    }
}

/// Resolves when the system asks the program to end.
#[cfg(not(unix))]
pub async fn terminated() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
