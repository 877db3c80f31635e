// Sourcepoint: purposes, and of the vendors those in window.consentMirror.vendors.
window._sp_queue = window._sp_queue || [];
window._sp_queue.push(() => window._sp_.addEventListener("onConsentReady", () => {
  window.__tcfapi("getCustomVendorConsents", 2, (data, ok) => {
    if (!ok || !data || data.newUser !== false) return; // nobody has answered
    const purposes = {}, vendors = {};
    const listed = (window.consentMirror || {}).vendors || [];
    for (const [id, grant] of Object.entries(data.grants || {})) {
      if (listed.includes(id)) vendors[id] = grant.vendorGrant === true;
      for (const [purpose, granted] of Object.entries(grant.purposeGrants || {})) {
        purposes[purpose] = granted === true && purposes[purpose] !== false;
      }
    }
    mirrorConsent("sourcepoint", purposes, vendors);
  });
}));
