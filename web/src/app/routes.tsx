/** Every page. Each area is a chunk of its own: a patrol phone never loads the staff's pages. */
import { lazy, Suspense } from "react";
import { createBrowserRouter, Navigate, type RouteObject, useRoutes } from "react-router";
import { Skeleton } from "../ui/Skeleton";
import { Crash } from "./Crash";
import { Home } from "./Home";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

function Pages({ routes }: { routes: RouteObject[] }) {
  return useRoutes([...routes, { path: "*", element: <NotFound /> }]);
}

function area(load: () => Promise<{ routes: RouteObject[] }>) {
  const Area = lazy(async () => {
    const { routes } = await load();
    return { default: () => <Pages routes={routes} /> };
  });
  return (
    <Suspense fallback={<Skeleton lines={6} />}>
      <Area />
    </Suspense>
  );
}

const Login = lazy(() => import("../login/LoginPage"));
const Owner = lazy(() => import("../owner/OwnerPage"));

function alone(Page: typeof Login) {
  return (
    <Suspense fallback={<Skeleton lines={4} />}>
      <Page />
    </Suspense>
  );
}

export const router = createBrowserRouter(
  [
    { path: "/login", element: alone(Login), errorElement: <Crash /> },
    { path: "/owner", element: alone(Owner), errorElement: <Crash /> },
    {
      path: "/",
      element: <Shell />,
      errorElement: <Crash />,
      children: [
        { index: true, element: <Home /> },
        { path: "patrol/*", element: area(() => import("../patrol/routes")) },
        { path: "desk/*", element: area(() => import("../desk/routes")) },
        { path: "staff/*", element: area(() => import("../staff/routes")) },
        { path: "index.html", element: <Navigate to="/" replace /> },
        { path: "*", element: <NotFound /> },
      ],
    },
  ],
  { basename: "/app" },
);
