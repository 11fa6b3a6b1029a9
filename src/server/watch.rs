//! Notices that the key file or an included one changed, and SIGHUP; both load the configuration anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::engine::Engine;

/// Editors write a file in several steps; they are taken together.
const SETTLE: Duration = Duration::from_millis(150);

/// Reloads until the process ends.
pub async fn watch(engine: Arc<Engine>) {
    let (sender, mut changes) = mpsc::channel(16);
    let watcher = watch_files(&engine, sender);
    if let Err(error) = &watcher {
        tracing::warn!(%error, "the key file is not watched; SIGHUP still loads it anew");
    }
    let mut hangups = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) {
        Ok(signal) => signal,
        Err(error) => return tracing::warn!(%error, "SIGHUP cannot be received"),
    };
    loop {
        tokio::select! {
            _ = hangups.recv() => {}
            change = changes.recv() => {
                if change.is_none() {
                    // Without a watcher only SIGHUP is left.
                    hangups.recv().await;
                }
                tokio::time::sleep(SETTLE).await;
                while changes.try_recv().is_ok() {}
            }
        }
        // Errors are logged, and /readyz tells of them.
        let _ = engine.reload().await;
    }
}

fn watch_files(engine: &Engine, sender: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    let snapshot = engine.snapshot();
    let files = snapshot.config.files.iter().map(|file| &file.path).chain(&snapshot.config.include);
    let mut folders: Vec<PathBuf> = files.map(|path| folder(&absolute(path))).collect();
    folders.push(folder(&absolute(&engine.path)));
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    folders.dedup();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        // Kubernetes swaps a folder behind `..data` rather than touching the file.
        let ours =
            |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml") || path.ends_with("..data");
        let about_us = event.paths.iter().any(ours);
        if about_us && !event.kind.is_access() {
            // A full channel already holds the news.
            let _ = sender.try_send(());
        }
    })?;
    // Folders rather than files: editors and Kubernetes replace a file by another one.
    for folder in folders {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn folder(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}
