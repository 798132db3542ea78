// One cell of the screen as a strip of two triangles, made from nothing but the vertex number.
uniform vec4 place;       // in clip space: left, top, right, bottom
uniform vec2 bottom_at[3]; // texture coordinates: top left, one cell right, one cell down
out vec2 bottom_uv;
#ifdef TOP
uniform vec2 top_at[3];
out vec2 top_uv;
#endif
#ifdef VEIL
uniform vec2 veil_at[3];
out vec2 veil_uv;
#endif

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    bottom_uv = bottom_at[0] + corner.x * bottom_at[1] + corner.y * bottom_at[2];
#ifdef TOP
    top_uv = top_at[0] + corner.x * top_at[1] + corner.y * top_at[2];
#endif
#ifdef VEIL
    veil_uv = veil_at[0] + corner.x * veil_at[1] + corner.y * veil_at[2];
#endif
    gl_Position = vec4(mix(place.xy, place.zw, corner), 0.0, 1.0);
}
