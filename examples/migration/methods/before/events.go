package main

// One method for each event of the tracking plan.

func (t Tracker) AccountCreated(user, about string)  { t.track(user, "Account Created", about) }
func (t Tracker) AccountDeleted(user, about string)  { t.track(user, "Account Deleted", about) }
func (t Tracker) AddressAdded(user, about string)    { t.track(user, "Address Added", about) }
func (t Tracker) CartViewed(user, about string)      { t.track(user, "Cart Viewed", about) }
func (t Tracker) CheckoutStarted(user, about string) { t.track(user, "Checkout Started", about) }
func (t Tracker) CheckoutStepCompleted(user, about string) {
	t.track(user, "Checkout Step Completed", about)
}
func (t Tracker) CheckoutStepViewed(user, about string) { t.track(user, "Checkout Step Viewed", about) }
func (t Tracker) CouponApplied(user, about string)      { t.track(user, "Coupon Applied", about) }
func (t Tracker) CouponDenied(user, about string)       { t.track(user, "Coupon Denied", about) }
func (t Tracker) CouponEntered(user, about string)      { t.track(user, "Coupon Entered", about) }
func (t Tracker) CouponRemoved(user, about string)      { t.track(user, "Coupon Removed", about) }
func (t Tracker) EmailChanged(user, about string)       { t.track(user, "Email Changed", about) }
func (t Tracker) EmailConfirmed(user, about string)     { t.track(user, "Email Confirmed", about) }
func (t Tracker) GiftCardBought(user, about string)     { t.track(user, "Gift Card Bought", about) }
func (t Tracker) GiftCardRedeemed(user, about string)   { t.track(user, "Gift Card Redeemed", about) }
func (t Tracker) InvoiceDownloaded(user, about string)  { t.track(user, "Invoice Downloaded", about) }
func (t Tracker) NewsletterLeft(user, about string)     { t.track(user, "Newsletter Left", about) }
func (t Tracker) NewsletterJoined(user, about string)   { t.track(user, "Newsletter Joined", about) }
func (t Tracker) OrderCancelled(user, about string)     { t.track(user, "Order Cancelled", about) }
func (t Tracker) OrderCompleted(user, about string)     { t.track(user, "Order Completed", about) }
func (t Tracker) OrderDelivered(user, about string)     { t.track(user, "Order Delivered", about) }
func (t Tracker) OrderRefunded(user, about string)      { t.track(user, "Order Refunded", about) }
func (t Tracker) OrderReturned(user, about string)      { t.track(user, "Order Returned", about) }
func (t Tracker) OrderShipped(user, about string)       { t.track(user, "Order Shipped", about) }
func (t Tracker) OrderUpdated(user, about string)       { t.track(user, "Order Updated", about) }
func (t Tracker) PasswordChanged(user, about string)    { t.track(user, "Password Changed", about) }
func (t Tracker) PasswordReset(user, about string)      { t.track(user, "Password Reset", about) }
func (t Tracker) PaymentFailed(user, about string)      { t.track(user, "Payment Failed", about) }
func (t Tracker) PaymentInfoEntered(user, about string) { t.track(user, "Payment Info Entered", about) }
func (t Tracker) ProductAdded(user, about string)       { t.track(user, "Product Added", about) }
func (t Tracker) ProductAddedToWishlist(user, about string) {
	t.track(user, "Product Added to Wishlist", about)
}
func (t Tracker) ProductClicked(user, about string) { t.track(user, "Product Clicked", about) }
func (t Tracker) ProductListFiltered(user, about string) {
	t.track(user, "Product List Filtered", about)
}
func (t Tracker) ProductListViewed(user, about string) { t.track(user, "Product List Viewed", about) }
func (t Tracker) ProductRemoved(user, about string)    { t.track(user, "Product Removed", about) }
func (t Tracker) ProductRemovedFromWishlist(user, about string) {
	t.track(user, "Product Removed from Wishlist", about)
}
func (t Tracker) ProductReviewed(user, about string)  { t.track(user, "Product Reviewed", about) }
func (t Tracker) ProductShared(user, about string)    { t.track(user, "Product Shared", about) }
func (t Tracker) ProductViewed(user, about string)    { t.track(user, "Product Viewed", about) }
func (t Tracker) ProductsSearched(user, about string) { t.track(user, "Products Searched", about) }
func (t Tracker) PromotionClicked(user, about string) { t.track(user, "Promotion Clicked", about) }
func (t Tracker) PromotionViewed(user, about string)  { t.track(user, "Promotion Viewed", about) }
func (t Tracker) ShipmentTracked(user, about string)  { t.track(user, "Shipment Tracked", about) }
func (t Tracker) SignedIn(user, about string)         { t.track(user, "Signed In", about) }
func (t Tracker) SignedOut(user, about string)        { t.track(user, "Signed Out", about) }
func (t Tracker) SubscriptionCancelled(user, about string) {
	t.track(user, "Subscription Cancelled", about)
}
func (t Tracker) SubscriptionPaused(user, about string) { t.track(user, "Subscription Paused", about) }
func (t Tracker) SubscriptionStarted(user, about string) {
	t.track(user, "Subscription Started", about)
}
func (t Tracker) SupportAsked(user, about string)   { t.track(user, "Support Asked", about) }
func (t Tracker) WishlistShared(user, about string) { t.track(user, "Wishlist Shared", about) }
