// The application: who is there, on every path.
'use strict';

const Koa = require('koa');

/** What the connection says of its peer, in headers and as JSON. */
function identity(socket) {
  const subject = socket.getPeerCertificate().subject;
  const shown = subject && Object.entries(subject).map(([key, value]) => `${key}=${value}`).join(',');
  return {
    verified: socket.authorized === true,
    status: socket.authorized ? 'SUCCESS' : shown ? `FAILED:${socket.authorizationError}` : 'NONE',
    // A header holds no line ends and nothing beyond Latin-1.
    subject: shown ? encodeURI(shown) : '',
  };
}

/** Every path tells who is there. */
function open() {
  const app = new Koa();
  app.silent = true;
  app.use((ctx) => {
    const { verified, status, subject } = identity(ctx.req.client);
    ctx.set('X-Client-Verify', status);
    ctx.set('X-Client-Subject', subject);
    ctx.body = { verified, subject };
  });
  return app;
}

/** `/` is open to all; every other path wants `req.client.authorized`. */
function perRoute() {
  const app = new Koa();
  app.silent = true;
  app.use(async (ctx, next) => {
    if (ctx.path !== '/' && !ctx.req.client.authorized) ctx.throw(401);
    await next();
  });
  app.middleware.push(...open().middleware);
  return app;
}

module.exports = { identity, open, perRoute };
