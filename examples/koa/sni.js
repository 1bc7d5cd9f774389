// Two hosts on one port. `inside.example` wants a certificate of the CA; every other name belongs
// to the public host, which takes any. The application looks at Host, not at the name of the handshake.
'use strict';

const https = require('node:https');
const tls = require('node:tls');
const { identity, open } = require('./app');
const { read, listen } = require('./files');

const fixed = { minVersion: 'TLSv1.2' };
const files = read();
const inside = tls.createSecureContext({ ...files, ...fixed });

const app = open();
app.middleware.unshift(async (ctx, next) => {
  const { servername } = ctx.req.client;
  if (servername === 'inside.example' && !identity(ctx.req.client).verified) ctx.throw(401);
  await next();
});

const options = {
  ...files,
  ...fixed,
  requestCert: true,
  rejectUnauthorized: false,
  SNICallback: (name, done) => done(null, name === 'inside.example' ? inside : undefined),
};

listen(https.createServer(options, app.callback()));
