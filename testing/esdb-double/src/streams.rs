//! The service that reads and writes.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::stream::{self, BoxStream, StreamExt};
use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Request, Response, Status, Streaming};

use crate::connection::Cut;
use crate::faults::{Call, Fault, Faults};
use crate::messages::{not_leader, proposed, stream_name, too_large};
use crate::protocol::event_store::client as wire;
use crate::protocol::event_store::client::streams::append_req::Content;
use crate::protocol::event_store::client::streams::append_req::options::ExpectedStreamRevision;
use crate::protocol::event_store::client::streams::append_resp::wrong_expected_version as wrong;
use crate::protocol::event_store::client::streams::batch_append_req::options::ExpectedStreamPosition;
use crate::protocol::event_store::client::streams::streams_server::Streams;
use crate::protocol::event_store::client::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, TombstoneReq,
    TombstoneResp, append_resp, batch_append_resp,
};
use crate::protocol::google;
use crate::reading::{self, Answers};
use crate::store::{Expectation, Outcome, Proposed, Store};

/// What all connections of a double share.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) store: Arc<Store>,
    pub(crate) faults: Arc<Faults>,
    /// `user:password`, when callers must say who they are.
    pub(crate) login: Option<String>,
}

impl Service {
    fn authorize(&self, metadata: &MetadataMap) -> Result<(), Status> {
        let Some(login) = &self.login else {
            return Ok(());
        };
        let wanted = format!("Basic {}", BASE64_STANDARD.encode(login));
        let given = metadata.get("authorization").and_then(|value| value.to_str().ok());
        if given == Some(wanted.as_str()) {
            Ok(())
        } else {
            Err(Status::unauthenticated("Access Denied"))
        }
    }

    /// Lets a call meet its fault; whether the connection is to be cut when it is done.
    async fn meet(&self, call: Call, extensions: &Extensions) -> Result<Option<Cut>, Status> {
        let cut = extensions.get::<Cut>().cloned();
        match self.faults.take(call) {
            None => Ok(None),
            Some(Fault::Unavailable) => Err(Status::unavailable("Server Is Not Ready")),
            Some(Fault::NotLeader(leader)) => Err(not_leader(leader)),
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                Ok(None)
            }
            Some(Fault::CutBefore) => {
                cut.iter().for_each(Cut::cut);
                std::future::pending().await
            }
            Some(Fault::CutAfter) => Ok(cut),
        }
    }

    async fn store(&self, stream: &str, expected: Expectation, events: Vec<Proposed>, cut: Option<Cut>) -> Outcome {
        let outcome = self.store.append(stream, expected, events);
        if let Some(cut) = cut {
            cut.cut();
            std::future::pending::<()>().await;
        }
        outcome
    }

    async fn one_of_a_batch(&self, request: BatchAppendReq, cut: Option<Cut>) -> Result<BatchAppendResp, Status> {
        let options = request.options.ok_or_else(|| Status::invalid_argument("no options"))?;
        let expected = match options.expected_stream_position {
            Some(ExpectedStreamPosition::StreamPosition(revision)) => Expectation::Revision(revision),
            Some(ExpectedStreamPosition::NoStream(())) => Expectation::NoStream,
            Some(ExpectedStreamPosition::StreamExists(())) => Expectation::StreamExists,
            Some(ExpectedStreamPosition::Any(())) | None => Expectation::Any,
        };
        let messages = request.proposed_messages.into_iter();
        let events = messages
            .map(|message| proposed(message.into()))
            .collect::<Result<Vec<_>, _>>()?;
        let name = stream_name(options.stream_identifier.clone())?;
        let result = match self.store(&name, expected, events, cut).await {
            Outcome::Stored {
                revision,
                position,
                transaction,
                ..
            } => batch_append_resp::Result::Success(batch_append_resp::Success {
                current_revision_option: Some(batch_append_resp::success::CurrentRevisionOption::CurrentRevision(
                    revision,
                )),
                position_option: Some(batch_append_resp::success::PositionOption::Position(
                    wire::AllStreamPosition {
                        commit_position: position,
                        prepare_position: transaction,
                    },
                )),
            }),
            Outcome::WrongVersion(current) => batch_append_resp::Result::Error(google::rpc::Status {
                code: google::rpc::Code::AlreadyExists as i32,
                message: "WrongExpectedVersion".to_owned(),
                details: Some(details(current)),
            }),
            Outcome::TooLarge(limit) => batch_append_resp::Result::Error(google::rpc::Status {
                code: google::rpc::Code::InvalidArgument as i32,
                message: too_large(limit).message().to_owned(),
                details: None,
            }),
        };
        Ok(BatchAppendResp {
            correlation_id: request.correlation_id,
            stream_identifier: options.stream_identifier,
            expected_stream_position: None,
            result: Some(result),
        })
    }
}

/// The details of a wrong version in a batch.
fn details(current: Option<u64>) -> google::protobuf::Any {
    use wire::wrong_expected_version::CurrentStreamRevisionOption as Current;
    let details = wire::WrongExpectedVersion {
        current_stream_revision_option: Some(
            current.map_or(Current::CurrentNoStream(()), Current::CurrentStreamRevision),
        ),
        expected_stream_position_option: None,
    };
    google::protobuf::Any {
        type_url: "type.googleapis.com/event_store.client.WrongExpectedVersion".to_owned(),
        value: details.encode_to_vec(),
    }
}

/// The answer to a single append.
fn answer(outcome: Outcome, expected: Expectation) -> Result<append_resp::Result, Status> {
    match outcome {
        Outcome::Stored {
            revision,
            position,
            transaction,
            ..
        } => Ok(append_resp::Result::Success(append_resp::Success {
            current_revision_option: Some(append_resp::success::CurrentRevisionOption::CurrentRevision(revision)),
            position_option: Some(append_resp::success::PositionOption::Position(append_resp::Position {
                commit_position: position,
                prepare_position: transaction,
            })),
        })),
        Outcome::WrongVersion(current) => {
            use wrong::{CurrentRevisionOption as Current, ExpectedRevisionOption as Expected};
            Ok(append_resp::Result::WrongExpectedVersion(
                append_resp::WrongExpectedVersion {
                    current_revision_option: Some(
                        current.map_or(Current::CurrentNoStream(()), Current::CurrentRevision),
                    ),
                    expected_revision_option: Some(match expected {
                        Expectation::Any => Expected::ExpectedAny(()),
                        Expectation::NoStream => Expected::ExpectedNoStream(()),
                        Expectation::StreamExists => Expected::ExpectedStreamExists(()),
                        Expectation::Revision(revision) => Expected::ExpectedRevision(revision),
                    }),
                    ..append_resp::WrongExpectedVersion::default()
                },
            ))
        }
        Outcome::TooLarge(limit) => Err(too_large(limit)),
    }
}

#[tonic::async_trait]
impl Streams for Service {
    type ReadStream = Answers;
    type BatchAppendStream = BoxStream<'static, Result<BatchAppendResp, Status>>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Answers>, Status> {
        self.authorize(request.metadata())?;
        let cut = self.meet(Call::Read, request.extensions()).await?;
        let options = request.into_inner().options;
        let options = options.ok_or_else(|| Status::invalid_argument("the read has no options"))?;
        let answers = reading::read(&self.store, options, self.faults.ends())?;
        // Cut in the middle: after the first answer.
        Ok(Response::new(match cut {
            Some(cut) => answers
                .take(1)
                .chain(stream::once(async move {
                    cut.cut();
                    std::future::pending().await
                }))
                .boxed(),
            None => answers,
        }))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        self.authorize(request.metadata())?;
        let cut = self.meet(Call::Append, request.extensions()).await?;
        let mut messages = request.into_inner();
        let Some(Content::Options(options)) = messages.message().await?.and_then(|message| message.content) else {
            return Err(Status::invalid_argument("an append starts with its options"));
        };
        let expected = match options.expected_stream_revision {
            Some(ExpectedStreamRevision::Revision(revision)) => Expectation::Revision(revision),
            Some(ExpectedStreamRevision::NoStream(())) => Expectation::NoStream,
            Some(ExpectedStreamRevision::StreamExists(())) => Expectation::StreamExists,
            Some(ExpectedStreamRevision::Any(())) | None => Expectation::Any,
        };
        let mut events = Vec::new();
        while let Some(message) = messages.message().await? {
            let Some(Content::ProposedMessage(message)) = message.content else {
                return Err(Status::invalid_argument(
                    "after its options, an append holds events alone",
                ));
            };
            events.push(proposed(message)?);
        }
        let name = stream_name(options.stream_identifier)?;
        let outcome = self.store(&name, expected, events, cut).await;
        Ok(Response::new(AppendResp {
            result: Some(answer(outcome, expected)?),
        }))
    }

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        self.authorize(request.metadata())?;
        let extensions = request.extensions().clone();
        let service = self.clone();
        let answers = request.into_inner().then(move |message| {
            let (service, extensions) = (service.clone(), extensions.clone());
            async move {
                let cut = service.meet(Call::Append, &extensions).await?;
                service.one_of_a_batch(message?, cut).await
            }
        });
        Ok(Response::new(answers.boxed()))
    }

    async fn delete(&self, _: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(Status::unimplemented("nothing is deleted from a log"))
    }

    async fn tombstone(&self, _: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(Status::unimplemented("nothing is deleted from a log"))
    }
}
