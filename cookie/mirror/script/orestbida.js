// vanilla-cookieconsent 3 with cookie.useLocalStorage: categories. To run before it does.
for (const event of ["cc:onConsent", "cc:onChange"]) {
  window.addEventListener(event, () => {
    const { acceptedCategories, rejectedCategories } = window.CookieConsent.getUserPreferences();
    const categories = {};
    for (const category of acceptedCategories) categories[category] = true;
    for (const category of rejectedCategories) categories[category] = false;
    mirrorConsent("orestbida", categories);
  });
}
