//! What a server says of itself and of its cluster.

use std::net::SocketAddr;

use tonic::{Request, Response, Status};

use crate::protocol::event_store::client::gossip::gossip_server::Gossip;
use crate::protocol::event_store::client::gossip::member_info::VNodeState;
use crate::protocol::event_store::client::gossip::{ClusterInfo, EndPoint, MemberInfo};
use crate::protocol::event_store::client::server_features::server_features_server::ServerFeatures;
use crate::protocol::event_store::client::server_features::{SupportedMethod, SupportedMethods};

/// The version whose protocol is spoken.
const VERSION: &str = "24.10.0";
const STREAMS: &str = "event_store.client.streams.streams";

/// Answers for a cluster of one, which leads.
#[derive(Clone)]
pub(crate) struct About {
    pub(crate) address: SocketAddr,
}

#[tonic::async_trait]
impl ServerFeatures for About {
    async fn get_supported_methods(&self, _: Request<()>) -> Result<Response<SupportedMethods>, Status> {
        let method = |name: &str| SupportedMethod {
            method_name: name.to_owned(),
            service_name: STREAMS.to_owned(),
            features: Vec::new(),
        };
        Ok(Response::new(SupportedMethods {
            methods: ["read", "append", "batchappend"].map(method).into(),
            event_store_server_version: VERSION.to_owned(),
        }))
    }
}

#[tonic::async_trait]
impl Gossip for About {
    async fn read(&self, _: Request<()>) -> Result<Response<ClusterInfo>, Status> {
        Ok(Response::new(ClusterInfo {
            members: vec![MemberInfo {
                instance_id: None,
                time_stamp: 0,
                state: VNodeState::Leader as i32,
                is_alive: true,
                http_end_point: Some(EndPoint {
                    address: self.address.ip().to_string(),
                    port: self.address.port().into(),
                }),
            }],
        }))
    }
}
