use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::town::Town;

/// A shop of a running server, called with its key.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    client: Client,
    origin: String,
    host: String,
    pub(crate) key: Option<String>,
}

/// What the server said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Said {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&self.body));
        })
    }

    /// The body, after checking the status.
    #[track_caller]
    pub(crate) fn with(&self, status: u16) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
}

impl Shop {
    /// A new shop.
    pub(crate) fn open(town: &Town, slug: &str) -> Self {
        let made = town.command(&["tenant", "create", slug]);
        Self {
            client: Client::builder().no_proxy().build().unwrap(),
            origin: format!("http://{}", town.address),
            host: format!("{slug}.localhost"),
            key: made["api_key"].as_str().map(str::to_owned),
        }
    }

    /// The same shop, at another server.
    pub(crate) fn at(&self, town: &Town) -> Self {
        Self {
            origin: format!("http://{}", town.address),
            ..self.clone()
        }
    }

    /// The same shop, called by somebody with that key.
    pub(crate) fn called_with(&self, key: Option<&str>) -> Self {
        Self {
            key: key.map(str::to_owned),
            ..self.clone()
        }
    }

    /// Anybody, at another host of the same server.
    pub(crate) fn called_at(&self, host: &str) -> Self {
        Self {
            host: host.to_owned(),
            ..self.called_with(None)
        }
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Said {
        let mut headers = headers.to_vec();
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map(|body| body.to_string().into());
        self.send_as(method, path, &headers, body).await
    }

    async fn send_as(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<reqwest::Body>,
    ) -> Said {
        let method: Method = method.parse().unwrap();
        let url = format!("{}{path}", self.origin);
        let mut request = self.client.request(method, url).header("host", &self.host);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let mut headers = response.headers().clone();
        // What differs from one answer to the next.
        for name in [
            "date",
            "ratelimit",
            "server-timing",
            "x-memory-usage",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-request-id",
            "x-response-time",
        ] {
            headers.remove(name);
        }
        Said {
            status: response.status().as_u16(),
            headers,
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Said {
        self.call("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Said {
        self.call("POST", path, &[], Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Said {
        self.call("PATCH", path, &[], Some(body)).await
    }

    /// Posts bytes of some kind.
    pub(crate) async fn send(&self, path: &str, kind: &str, body: Vec<u8>) -> Said {
        self.send_as("POST", path, &[("content-type", kind)], Some(body.into()))
            .await
    }

    /// Uploads a file, with further headers and fields.
    pub(crate) async fn upload(
        &self,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
        (name, kind): (&str, &str),
        content: &[u8],
    ) -> Said {
        let mut form = vec![];
        for (field, text) in fields {
            form.extend_from_slice(
                format!(
                    "--limit\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{text}\r\n"
                )
                .as_bytes(),
            );
        }
        form.extend_from_slice(
            format!(
                "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
                 Content-Type: {kind}\r\n\r\n"
            )
            .as_bytes(),
        );
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n--limit--\r\n");
        let mut headers = headers.to_vec();
        headers.push(("content-type", "multipart/form-data; boundary=limit"));
        self.send_as("POST", "/api/media", &headers, Some(form.into()))
            .await
    }

    /// A published product with one variant, and this many pieces of it.
    pub(crate) async fn stocked(&self, name: &str, pieces: i64) -> Value {
        let made = self.post("/api/products", &product(name, pieces)).await;
        made.with(201)
    }
}

pub(crate) fn product(name: &str, pieces: i64) -> Value {
    json!({
        "name": name,
        "status": "published",
        "variants": [{
            "sku": format!("sku-{name}"),
            "price": {"amount": 3412, "currency": "USD"},
            "stock": pieces,
        }],
    })
}

/// A picture of four pixels with this much data, which nobody decodes.
pub(crate) fn png(data_bytes: usize) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1A\n".to_vec();
    let mut chunk = |name: &[u8; 4], data: &[u8]| {
        png.extend_from_slice(&u32::try_from(data.len()).unwrap().to_be_bytes());
        png.extend_from_slice(name);
        png.extend_from_slice(data);
        png.extend_from_slice(&[0; 4]);
    };
    chunk(b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 2, 8, 6, 0, 0, 0]);
    chunk(b"IDAT", &vec![7; data_bytes]);
    chunk(b"IEND", &[]);
    png
}

/// The id of a record.
#[track_caller]
pub(crate) fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}
