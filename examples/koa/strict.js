// All that Node can do: CRLs that are read anew, keys of 112 bits and more, and a
// list of who is let in, asked for each request.
'use strict';

const https = require('node:https');
const { identity, open } = require('./app');
const { read, listen } = require('./files');

// Subject alternative names, as Node writes them, of clients that are known.
const known = (process.env.KNOWN ?? 'URI:spiffe://gatecrash.example/client').split(' ');

const fixed = {
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: process.env.MINIMUM ?? 'TLSv1.3',
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:@SECLEVEL=2',
};

const app = open();
app.middleware.unshift(async (ctx, next) => {
  const socket = ctx.req.client;
  const names = (socket.getPeerCertificate().subjectaltname ?? '').split(', ');
  if (!identity(socket).verified || !names.some((name) => known.includes(name))) ctx.throw(403);
  await next();
});

const server = https.createServer({ ...read(), ...fixed }, app.callback());
listen(server, () => server.setSecureContext({ ...read(), ...fixed }));
