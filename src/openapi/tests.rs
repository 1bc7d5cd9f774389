//! What a document is read to say.

use super::*;

const DOCUMENT: &str = r##"
openapi: 3.1.0
info: { title: Orders, version: "1" }
servers:
  - url: https://localhost:8443
  - url: HTTP://localhost:8080
security:
  - certificate: []
components:
  securitySchemes:
    certificate: { type: mutualTLS }
    token: { $ref: "#/components/securitySchemes/bearer" }
    bearer: { type: http, scheme: bearer }
    unused: { type: apiKey, in: header, name: X-Key }
paths:
  /orders:
    get: { operationId: list, responses: { "200": { description: ok }, "403": { description: no } } }
    post: { security: [ { certificate: [writer], token: [] } ], responses: { default: { description: any } } }
    put: { security: [ { certificate: [] }, {} ], responses: { "200": { description: ok } } }
  /orders/{id}:
    get: { security: [ { certificate: [] }, { token: [] } ], responses: { 4XX: { description: no } } }
    delete: { security: [ { ghost: [] } ], responses: { "200": { description: ok } } }
  /orders/open:
    get: { security: [], responses: { "200": { description: ok } } }
"##;

#[test]
fn an_operation_is_found_by_its_most_literal_path() {
    let document = Document::parse(DOCUMENT).expect("a document");
    let table = [
        (
            Method::Get,
            "/orders",
            Some("GET /orders"),
            MutualTls::Always,
        ),
        (
            Method::Post,
            "/orders",
            Some("POST /orders"),
            MutualTls::Always,
        ),
        (
            Method::Put,
            "/orders",
            Some("PUT /orders"),
            MutualTls::Optional,
        ),
        (
            Method::Get,
            "/orders/7",
            Some("GET /orders/{id}"),
            MutualTls::Alternative,
        ),
        (
            Method::Get,
            "/orders/open",
            Some("GET /orders/open"),
            MutualTls::Never,
        ),
        (Method::Delete, "/orders/open", None, MutualTls::Never),
        (Method::Get, "/orders/", None, MutualTls::Never),
        (Method::Get, "/Orders", None, MutualTls::Never),
        (Method::Get, "/orders/7/x", None, MutualTls::Never),
    ];
    for (method, path, label, demand) in table {
        let found = document.operation(method, path);
        assert_eq!(
            found.map(ToString::to_string).as_deref(),
            label,
            "{method} {path}"
        );
        if let Some(operation) = found {
            assert_eq!(document.mutual_tls(operation), demand, "{method} {path}");
        }
    }
}

#[test]
fn flaws_are_named_one_by_one() {
    let document = Document::parse(DOCUMENT).expect("a document");
    let flaws: Vec<_> = document.flaws().iter().map(ToString::to_string).collect();
    assert_eq!(
        flaws,
        [
            "DELETE /orders/{id} demands `ghost`, which is not declared",
            "`bearer` is declared and never demanded",
            "`unused` is declared and never demanded",
            "`mutualTLS` is demanded and the server HTTP://localhost:8080 is plain HTTP",
            "PUT /orders changes something, and a certificate is optional there",
            "DELETE /orders/{id} can be refused with 401 or 403, and documents neither",
        ]
    );
}

#[test]
fn mutual_tls_in_an_older_document_is_a_flaw() {
    let document = Document::parse(&DOCUMENT.replace("3.1.0", "3.0.3")).expect("a document");
    assert_eq!(
        document.flaws()[0],
        Flaw::MutualTlsBefore31("3.0.3".to_owned())
    );
}

#[test]
fn what_a_request_needs_is_taken_from_the_document() {
    let text = r##"
openapi: 3.2.0
servers:
  - url: https://{host}:{port}/v1
    variables: { host: { default: localhost }, port: { default: "8443" } }
components:
  securitySchemes: { certificate: { type: mutualTLS } }
  parameters:
    id: { name: id, in: path, required: true, schema: { $ref: "#/components/schemas/Id" } }
  schemas: { Id: { type: string, examples: ["a/b c"] } }
paths:
  /orders/{id}/{part}:
    servers: [ { url: https://localhost:9443 } ]
    parameters:
      - $ref: "#/components/parameters/id"
      - { name: X-Tenant, in: header, required: true, example: north }
      - { name: limit, in: query, schema: { default: 5 } }
    get:
      security: [ { "#/components/securitySchemes/certificate": [] } ]
      parameters: [ { name: limit, in: query, required: true, schema: { default: 9 } } ]
      responses: { 200: { description: ok }, 401: { description: no } }
    query: { responses: {} }
    additionalOperations: { COPY: { responses: {} } }
"##;
    let document = Document::parse(text).expect("a document");
    assert_eq!(document.servers, ["https://localhost:8443/v1"]);
    assert_eq!(
        document.additional,
        [("COPY".to_owned(), "/orders/{id}/{part}".to_owned())]
    );
    let [get, query] = &document.operations[..] else {
        panic!("two operations: {:?}", document.operations);
    };
    assert_eq!(get.target(), "/orders/a%2Fb%20c/1?limit=9");
    assert_eq!(query.target(), "/orders/a%2Fb%20c/1");
    assert!(get.is_guessed(), "`part` has no example");
    assert_eq!(
        get.required_headers().collect::<Vec<_>>(),
        [("X-Tenant", "north")]
    );
    assert_eq!(get.servers, ["https://localhost:9443"]);
    assert_eq!(get.responses, ["200", "401"]);
    assert!(get.overrides && !query.overrides);
    assert_eq!(document.mutual_tls(get), MutualTls::Always);
    assert_eq!(query.method, Method::Query);
}

#[test]
fn parts_that_cannot_be_read_are_named_with_their_place_and_the_rest_is_read() {
    let text = r##"
openapi: 3.1.0
components:
  securitySchemes: { m: { type: mutualTLS }, odd: { type: odd } }
  pathItems: { a: { $ref: "#/components/pathItems/b" }, b: { $ref: "#/components/pathItems/a" } }
  parameters: { p: { $ref: "#/components/parameters/p" } }
  schemas: { N: { type: object, properties: { n: { $ref: "#/components/schemas/N" } } } }
security: [ { m: [] } ]
paths:
  /circle: { $ref: "#/components/pathItems/a" }
  /file: { $ref: "./other.yaml#/x" }
  /sound: { get: { responses: {} }, put: { security: 7, responses: {} } }
  /with/{p}: { get: { parameters: [ { $ref: "#/components/parameters/p" } ], responses: {} } }
  /nested: { get: { parameters: [ { name: depth, in: query, schema: { $ref: "#/components/schemas/N" } } ] } }
"##;
    let document = Document::as_far_as_it_goes(text.as_bytes()).expect("most of it");
    let read: Vec<_> = document
        .operations
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(read, ["GET /nested", "GET /sound"]);
    let unread: Vec<_> = document.unread.iter().map(ToString::to_string).collect();
    assert_eq!(
        unread,
        [
            "odd: a scheme's type is mutualTLS, http, apiKey, oauth2 or openIdConnect",
            "/circle, #/components/pathItems/a: references that lead in a circle",
            "/file, ./other.yaml#/x: a reference to another document, which is not read: put both into one",
            "PUT /sound: a list is needed here",
            "GET /with/{p}, #/components/parameters/p: references that lead in a circle",
        ]
    );
    // Whoever enforces a document enforces all of it.
    let strict = Document::parse(text).expect_err("a part cannot be read");
    assert_eq!(strict, document.unread[0]);
}
