addEventListener('load', async () => {
  const moment = () => new Promise((done) => setTimeout(done, 50));
  const all = (query) => [...document.querySelectorAll(query)];
  const shown = (element) => element.checkVisibility({ contentVisibilityAuto: true }) && element.getClientRects().length > 0;
  const channels = (color) => color.match(/[\d.]+/g).slice(0, 3).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = getComputedStyle(document.body);
  const ground = light(style.backgroundColor);
  // The least readable of the words that carry a meaning.
  const contrasts = all('.tag, .quiet, h1, h3, td, summary').filter(shown).map((element) => {
    const text = light(getComputedStyle(element).color);
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  });
  const titles = () => all('article h3').filter(shown).map((title) => title.lastChild.textContent);
  const seen = {
    width: innerWidth,
    verdict: document.querySelector('#verdict').textContent,
    overflow: document.documentElement.scrollWidth - innerWidth,
    lightness: ground,
    contrast: Math.min(...contrasts),
    titles: titles(),
    text: document.body.innerText,
    bold: all('b').length,
  };
  const first = document.querySelector('article');
  const evidence = first.querySelector('pre');
  seen.evidence_before = shown(evidence);
  first.querySelector('summary').click();
  await moment();
  seen.evidence_after = shown(evidence);
  document.querySelector('#show-critical').click();
  await moment();
  seen.filtered = titles();
  document.querySelector('#show-critical').click();
  const link = all('.matrix th a').find((a) => a.textContent === 'trust');
  link.click();
  await moment();
  seen.matrix_leads_to = location.hash.slice(1);
  parent.postMessage(JSON.stringify(seen), '*');
});
