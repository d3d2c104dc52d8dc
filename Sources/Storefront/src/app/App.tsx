import { Component, Suspense, useEffect, type ErrorInfo, type ReactNode } from "react";
import { Footer } from "../components/Footer";
import { Header } from "../components/Header";
import { PageSkeleton } from "../components/Skeleton";
import { ErrorState, NotFoundState } from "../components/States";
import { Toasts } from "../components/Toasts";
import { findRoute } from "./screens";
import { navigate, useLocation } from "./router";
import { useSession } from "./session";

export function App() {
  return (
    <>
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          // Followed, it would be a history entry of its own.
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to content
      </a>
      <Header />
      <main id="main" className="main" tabIndex={-1}>
        <CurrentScreen />
      </main>
      <Footer />
      <Toasts />
    </>
  );
}

function CurrentScreen() {
  const location = useLocation();
  const { status } = useSession();
  const found = findRoute(location.path);
  const guarded = found?.route.account === true;

  useEffect(() => {
    if (!guarded || status !== "guest") return;
    const back = window.location.pathname + window.location.search;
    navigate(`/sign-in?next=${encodeURIComponent(back)}`, { replace: true });
  }, [guarded, status]);

  if (!found) return <NotFoundState />;
  if (guarded && status !== "signed-in") return <PageSkeleton />;
  const Screen = found.route.screen;
  return (
    <Guard key={location.path}>
      <Suspense fallback={<PageSkeleton />}>
        <Screen parameters={found.parameters} />
      </Suspense>
    </Guard>
  );
}

/** Catches what a screen throws while rendering, and a chunk that can't be loaded (a deploy replaced it). */
class Guard extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <ErrorState
        title="This page could not be shown"
        error={new Error("Reload it; if that does not help, the shop was just updated or is being restarted.")}
        onRetry={() => window.location.reload()}
      />
    );
  }
}
