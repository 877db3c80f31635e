package workspaces_test

import (
	"context"
	"fmt"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/workspaces"
)

func Example() {
	// In a program these are clients of consent.NewSegment: the European one with the
	// endpoint consent.EndpointEU.
	var european, american consenttest.Recorder
	router, err := workspaces.New(workspaces.Config{
		Workspaces: map[string]*consent.Client{
			"eu": consent.New(&european, policy, nil),
			"us": consent.New(&american, policy, nil),
		},
		Regions: map[string]string{"US": "us"},
		Strict:  "eu",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer router.Close()

	visitor := consent.NewContext(context.Background(), consent.NewState(map[string]bool{"analytics": true}))
	for _, region := range []string{"US-NY", "GB", ""} {
		ctx := workspaces.NewContext(visitor, region)
		err := router.For(ctx).Enqueue(analytics.Track{UserId: "u-1", Event: "Order Completed"})
		fmt.Printf("%q: workspace %s, %v\n", region, router.Workspace(ctx), err)
	}
	fmt.Println("European:", len(european.Events()), "American:", len(american.Events()))
	// Output:
	// "US-NY": workspace us, <nil>
	// "GB": workspace eu, <nil>
	// "": workspace eu, <nil>
	// European: 2 American: 1
}
