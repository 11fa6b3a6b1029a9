//! Servers that restart in the middle of writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::faults::{KINDS, PLAIN, Scene};
use crate::support::databases::{Engine, Servers, all_engines};
use crate::support::eventually;
use crate::support::fault::assert_told;
use crate::writes::{Numbers, pairs};

/// Each kind of write, over each pair of engines, meets a restart of each of the servers, at a point that a seed chooses.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_gets_all_of_a_write_or_nothing() {
    if !all_engines() {
        return;
    }
    fail::cfg("lease", "return").expect("a point");
    let seed = crate::support::seed();
    println!("CROSSKEY_SEED={seed}");
    let mut numbers = Numbers(seed | 1);
    let servers = Arc::new(Servers::start());
    for (up, down) in pairs() {
        let mut scene = Scene::on(Some(&servers), up, down).await;
        let mut victims = vec![up, down];
        victims.dedup();
        for victim in victims.into_iter().filter(|engine| *engine != Engine::Sqlite) {
            for kind in KINDS.into_iter().chain(PLAIN) {
                let points = match kind.is_plain() {
                    true => &["write::done", "write::ready"][..],
                    false => &["write::done", "write::marked", "write::noted", "write::decided", "write::committed"],
                };
                let point = points[numbers.below(points.len() as u64) as usize];
                let (parent, what) = (scene.fresh(), format!("{kind:?} {point} {victim:?}, CROSSKEY_SEED={seed}"));
                let restarted = servers.clone();
                let happened = Arc::new(AtomicBool::new(false));
                let noted = happened.clone();
                let restart = move || {
                    tokio::task::block_in_place(|| restarted.restart(victim));
                    noted.store(true, Ordering::Relaxed);
                };
                fail::cfg_callback(point, restart).expect("a point");
                let reply = scene.proxy.send(&kind.line(parent), &[], &kind.body(parent)).await;
                fail::remove(point);
                assert!(happened.load(Ordering::Relaxed), "{} {what}: it did not get there", scene.label);
                eventually("both sources answer", async || {
                    let ready = async |source: &str| {
                        let line = format!(
                            "GET /api/v2/{source}/_table/{}?limit=1",
                            if source == "up" { "parent" } else { "note" }
                        );
                        scene.proxy.send(&line, &[("cache-control", "no-cache")], "").await.status == 200
                    };
                    ready("up").await && ready("down").await
                })
                .await;
                scene.finish(&what).await;
                let done = scene.is_whole(kind, parent, &what).await;
                assert_told(&reply, done, &format!("{} {what}", scene.label));
            }
        }
    }
}
