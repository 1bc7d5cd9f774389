// The per-route check of `per-route.js`, in Express.
'use strict';

const https = require('node:https');
const express = require('express');
const { identity } = require('./app');
const { read, listen } = require('./files');

const app = express();
app.disable('x-powered-by');
app.use((req, res, next) => {
  const { verified, status, subject } = identity(req.client);
  res.set({ 'X-Client-Verify': status, 'X-Client-Subject': subject });
  if (req.path !== '/' && !verified) return res.sendStatus(401);
  res.locals.identity = { verified, subject };
  next();
});
app.use((req, res) => res.json(res.locals.identity));

const fixed = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' };

const server = https.createServer({ ...read(), ...fixed }, app);
listen(server, () => server.setSecureContext({ ...read(), ...fixed }));
