// A phone's own camera app has opened /q#ticket. Before anything else is loaded: the ticket leaves the address bar, and so the history,
// for page.js to take.
if (location.pathname !== '/phone' || location.hash) {
  history.replaceState({ ticket: location.hash.slice(1) }, '', '/phone');
}
