//! Any text as an OpenAPI document: refused with words, or every operation is
//! found again, and what is demanded of a certificate does not contradict itself.

use super::{Alarm, Reach, Session, Target};
use crate::{
    mutate::TEXT,
    openapi::{Document, MutualTls},
};

pub(super) const OPENAPI: Target = Target {
    name: "openapi",
    summary: "text as an OpenAPI document: its operations are found again, and its demands hold together",
    run,
    seeds,
    moves: TEXT,
    max_length: 8192,
    by_rarity: true,
    dictionary: None,
    reach: Reach::stages(&[
        "refused",
        "a document",
        "an operation",
        "mutual TLS",
        "a flaw",
    ]),
};

fn run(input: &[u8], session: &mut Session) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            session.health.reach("refused");
            if error.to_string().trim().is_empty() {
                session.fail(input, &Alarm::new("an error without words", text));
            }
            return;
        }
    };
    session.health.reach("a document");
    if document
        .flaws()
        .iter()
        .any(|flaw| !flaw.to_string().is_empty())
    {
        session.health.reach("a flaw");
    }
    for operation in document.operations.iter().take(32) {
        session.health.reach("an operation");
        let demand = document.mutual_tls(operation);
        if demand != MutualTls::Never {
            session.health.reach("mutual TLS");
        }
        let anonymous = operation.security.allows_anonymous();
        let contradicts = match demand {
            MutualTls::Always | MutualTls::Alternative => anonymous,
            MutualTls::Optional => !anonymous,
            MutualTls::Never => false,
        };
        if contradicts {
            let detail = format!(
                "{} {}: {demand:?}\n{text}",
                operation.method,
                operation.path.as_str()
            );
            session.fail(
                input,
                &Alarm::new("demanded, and anybody is let in", detail),
            );
        }
        let path = operation.path.fill(|_| "x".to_owned());
        if !operation.path.matches(&path) {
            let detail = format!("{} does not match {path}", operation.path.as_str());
            session.fail(input, &Alarm::new("a path does not match itself", detail));
        }
        // Another, more literal one may answer; one must.
        if document.operation(operation.method, &path).is_none() {
            let detail = format!("{} {path}\n{text}", operation.method);
            session.fail(
                input,
                &Alarm::new("an operation is not found again", detail),
            );
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    DOCUMENTS
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect()
}

const DOCUMENTS: &[&str] = &[
    "openapi: 3.1.0\ninfo: { title: Orders, version: \"1\" }\nservers:\n  - url: https://localhost:8443\n  - url: http://localhost:8080\nsecurity:\n  - certificate: []\ncomponents:\n  securitySchemes:\n    certificate: { type: mutualTLS }\n    token: { type: http, scheme: bearer }\n    key: { type: apiKey, in: header, name: X-Key }\npaths:\n  /orders:\n    get:\n      operationId: list\n      responses: { \"200\": { description: ok }, \"403\": { description: no } }\n    post:\n      security: [ { certificate: [writer], token: [] } ]\n      responses: { default: { description: any } }\n    put:\n      security: [ { certificate: [] }, {} ]\n      responses: { \"200\": { description: ok } }\n  /orders/{id}:\n    parameters:\n      - { name: id, in: path, required: true, schema: { type: integer, minimum: 1 } }\n    get:\n      security: [ { certificate: [] }, { token: [] } ]\n      responses: { 4XX: { description: no } }\n    delete:\n      security: [ { ghost: [] } ]\n      responses: { \"200\": { description: ok } }\n  /orders/open:\n    get:\n      security: []\n      responses: { \"200\": { description: ok } }\n",
    "openapi: 3.0.3\ninfo: { title: Old, version: \"1\" }\ncomponents:\n  securitySchemes:\n    certificate: { type: mutualTLS }\npaths:\n  /a:\n    get:\n      security: [ { certificate: [] } ]\n      responses: { \"200\": { description: ok } }\n",
    "{\"openapi\":\"3.1.1\",\"info\":{\"title\":\"J\",\"version\":\"1\"},\n\"components\":{\"securitySchemes\":{\"m\":{\"type\":\"mutualTLS\"},\n\"r\":{\"$ref\":\"#/components/securitySchemes/m\"}}},\n\"paths\":{\"/a/{b}/{c}\":{\"get\":{\"security\":[{\"r\":[\"role\"]}],\n\"parameters\":[{\"name\":\"q\",\"in\":\"query\",\"required\":true,\"schema\":{\"enum\":[\"x\",\"y\"]}}],\n\"responses\":{\"200\":{\"description\":\"ok\"}}}}}}\n",
    "openapi: 3.2.0\ninfo: { title: New, version: \"1\" }\npaths:\n  /s:\n    query:\n      responses: { \"200\": { description: ok } }\n    additionalOperations:\n      COPY:\n        responses: { \"200\": { description: ok } }\n",
    "openapi: 3.1.0\n",
    "",
];
