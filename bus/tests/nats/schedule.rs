//! Faults in a random order. A failure prints its seed: `SEED=… cargo test -p bus --test nats schedule` runs it again.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use eventlog::MemoryLog;
use servers::Nats;

use crate::server;
use crate::world::{Node, Reader, bus_carries, grow, until};

/// How many faults a schedule has.
const FAULTS: usize = 12;

/// `SplitMix64`: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_any_faults_every_reader_sees_every_event_once_in_order() {
    let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("SEED={seed}");
    let mut random = Random(seed);
    let (nats, log) = (Nats::start(), Arc::new(MemoryLog::new()));
    let url = nats.url();
    let mut reader = Reader::start(&url, &log).await;
    let nodes = [Node::start(&url, &log, "a"), Node::start(&url, &log, "b")];
    for fault in 0..FAULTS {
        grow(&log, random.below(3000)).await;
        let chosen = random.below(7);
        println!("fault {fault}: {chosen}");
        match chosen {
            0 => nats.restart(),
            1 => nats.wipe_and_restart(),
            2 => {
                nats.kill();
                grow(&log, random.below(2000)).await;
                nats.restart();
            }
            3 => {
                nats.pause();
                grow(&log, random.below(2000)).await;
                reader.has_seen_all(&log).await;
                nats.resume();
            }
            4 => forget(&url, random.below(2) == 0).await,
            _ => {
                let frozen = nodes[random.below(2)].freeze().await;
                grow(&log, random.below(2000)).await;
                if random.below(2) == 0 {
                    // Until whoever was left leads.
                    bus_carries(&url, &log).await;
                }
                drop(frozen);
            }
        }
        if random.below(3) == 0 {
            reader.has_seen_all(&log).await;
        }
    }
    bus_carries(&url, &log).await;
    grow(&log, 1000).await;
    reader.has_seen_all(&log).await;
    Reader::start(&url, &log).await.has_seen_all(&log).await;
}

/// Purges or deletes the stream, if there is one at the moment.
async fn forget(url: &str, purge: bool) {
    let jetstream = server::jetstream(url).await;
    until("there is a stream", async || {
        jetstream.get_stream(server::STREAM).await.is_ok()
    })
    .await;
    if purge {
        server::purge(url).await;
    } else {
        server::delete(url).await;
    }
}
